/** Points by WebGL 2: one draw call, anti-aliased discs whose colours come from a palette. */

import type { Picture, Renderer, Shade } from "./renderer";
import { POINT_FRAGMENT, POINT_VERTEX, SHADE_FRAGMENT, SHADE_VERTEX } from "./shaders";

type Uniforms = Record<string, WebGLUniformLocation | null>;

interface Program {
  program: WebGLProgram;
  at: Uniforms;
}

/** Return a renderer, or null where the browser has no WebGL 2. `restored` is called when a lost context is back. */
export function createWebGL(canvas: HTMLCanvasElement, restored: () => void): Renderer | null {
  const gl = canvas.getContext("webgl2", {
    antialias: false,
    depth: false,
    stencil: false,
    premultipliedAlpha: true,
    powerPreference: "high-performance",
  });
  if (gl === null) return null;
  try {
    return new WebGLRenderer(canvas, gl, restored);
  } catch {
    return null;
  }
}

class WebGLRenderer implements Renderer {
  readonly kind = "webgl2";
  private points!: Program;
  private shading!: Program;
  private layout!: WebGLVertexArrayObject;
  private readonly buffers = new Map<string, WebGLBuffer>();
  private palette!: WebGLTexture;
  private shadeTexture!: WebGLTexture;
  private shade: Shade | null = null;
  private nDrawn = 0;
  private isLost = false;
  private ratio = 1;
  private waiting = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    private readonly restored: () => void,
  ) {
    canvas.addEventListener("webglcontextlost", this.onLost);
    canvas.addEventListener("webglcontextrestored", this.onRestored);
    this.build();
  }

  private readonly onLost = (event: Event): void => {
    event.preventDefault(); // else it never comes back
    this.isLost = true;
  };

  private readonly onRestored = (): void => {
    this.isLost = false;
    this.buffers.clear();
    this.build();
    this.restored();
  };

  private build(): void {
    const { gl } = this;
    this.points = link(gl, POINT_VERTEX, POINT_FRAGMENT);
    this.shading = link(gl, SHADE_VERTEX, SHADE_FRAGMENT);
    this.layout = gl.createVertexArray();
    this.palette = texture(gl, gl.NEAREST);
    this.shadeTexture = texture(gl, gl.LINEAR);
    this.shade = null;
    this.nDrawn = 0;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.clearColor(0, 0, 0, 0);
  }

  setPlaces(xy: Float32Array, from: Float32Array | null): void {
    const { gl } = this;
    gl.bindVertexArray(this.layout);
    this.fill("to", gl.ARRAY_BUFFER, xy);
    this.attribute(1, 2, gl.FLOAT);
    if (from !== null) this.fill("from", gl.ARRAY_BUFFER, from);
    else this.drop("from");
    if (from === null) gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.get("to") ?? null);
    this.attribute(0, 2, gl.FLOAT);
    gl.bindVertexArray(null);
  }

  setLooks(looks: Uint8Array): void {
    this.gl.bindVertexArray(this.layout);
    this.fill("looks", this.gl.ARRAY_BUFFER, looks);
    this.attribute(2, 4, this.gl.UNSIGNED_BYTE);
    this.gl.bindVertexArray(null);
  }

  setOrder(order: Uint32Array): void {
    this.gl.bindVertexArray(this.layout);
    this.fill("order", this.gl.ELEMENT_ARRAY_BUFFER, order);
    this.gl.bindVertexArray(null);
    this.nDrawn = order.length;
  }

  setPalette(palette: Uint8Array): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
  }

  setShade(shade: Shade | null): void {
    const { gl } = this;
    this.shade = shade;
    if (shade === null) return;
    gl.bindTexture(gl.TEXTURE_2D, this.shadeTexture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, shade.columns, shade.rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, shade.pixels);
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  draw(picture: Picture): void {
    if (this.isLost) return;
    const { gl, canvas } = this;
    const middle = [picture.x, picture.y] as const;
    const enlarged = 2 * picture.scale * this.ratio;
    const scale = [enlarged / canvas.width, enlarged / canvas.height] as const;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.shade !== null && picture.shadeOpacity > 0) {
      const { program, at } = this.shading;
      gl.useProgram(program);
      gl.bindTexture(gl.TEXTURE_2D, this.shadeTexture);
      gl.uniform4f(at.box ?? null, ...this.shade.box);
      gl.uniform2f(at.middle ?? null, ...middle);
      gl.uniform2f(at.scale ?? null, ...scale);
      gl.uniform1f(at.opacity ?? null, picture.shadeOpacity);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
    const n = Math.min(this.nDrawn, picture.limit);
    if (n > 0) {
      const { program, at } = this.points;
      gl.useProgram(program);
      gl.bindTexture(gl.TEXTURE_2D, this.palette);
      gl.uniform2f(at.middle ?? null, ...middle);
      gl.uniform2f(at.scale ?? null, ...scale);
      gl.uniform1f(at.moved ?? null, picture.moved);
      gl.uniform1f(at.radius ?? null, picture.radius * this.ratio);
      gl.uniform1f(at.opacity ?? null, picture.opacity);
      gl.uniform1f(at.rimWidth ?? null, Math.max(0.7, 0.6 * this.ratio));
      gl.uniform3f(at.rim ?? null, ...picture.rim);
      gl.bindVertexArray(this.layout);
      gl.drawElements(gl.POINTS, n, gl.UNSIGNED_INT, (this.nDrawn - n) * 4);
      gl.bindVertexArray(null);
    }
  }

  measure(tell: (cost: number) => void): void {
    const { gl } = this;
    if (this.isLost || this.waiting > 0) return;
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (sync === null) return;
    const start = performance.now();
    gl.flush();
    const ask = (): void => {
      const said = this.isLost ? gl.WAIT_FAILED : gl.clientWaitSync(sync, 0, 0);
      if (said === gl.TIMEOUT_EXPIRED && performance.now() - start < 3000) {
        this.waiting = window.setTimeout(ask, 2);
        return;
      }
      this.waiting = 0;
      gl.deleteSync(sync);
      if (said !== gl.WAIT_FAILED) tell(performance.now() - start);
    };
    this.waiting = window.setTimeout(ask, 2);
  }

  dispose(): void {
    window.clearTimeout(this.waiting);
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.canvas.removeEventListener("webglcontextrestored", this.onRestored);
    for (const name of [...this.buffers.keys()]) this.drop(name);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private fill(name: string, target: number, data: ArrayBufferView): void {
    const { gl } = this;
    let buffer = this.buffers.get(name);
    if (buffer === undefined) {
      buffer = gl.createBuffer();
      this.buffers.set(name, buffer);
    }
    gl.bindBuffer(target, buffer);
    gl.bufferData(target, data, gl.DYNAMIC_DRAW);
  }

  private drop(name: string): void {
    this.gl.deleteBuffer(this.buffers.get(name) ?? null);
    this.buffers.delete(name);
  }

  private attribute(place: number, size: number, type: number): void {
    this.gl.enableVertexAttribArray(place);
    this.gl.vertexAttribPointer(place, size, type, type !== this.gl.FLOAT, 0, 0);
  }
}

function texture(gl: WebGL2RenderingContext, filter: number): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return made;
}

function link(gl: WebGL2RenderingContext, ...sources: [vertex: string, fragment: string]): Program {
  const program = gl.createProgram();
  for (const [place, source] of sources.entries()) {
    const shader = gl.createShader(place === 0 ? gl.VERTEX_SHADER : gl.FRAGMENT_SHADER);
    if (shader === null) throw new Error("the shader cannot be made.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
    throw new Error(`the shaders do not link: ${gl.getProgramInfoLog(program) ?? ""}`);
  }
  const at: Uniforms = {};
  const n = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) as number;
  for (let i = 0; i < n; i++) {
    const name = gl.getActiveUniform(program, i)?.name;
    if (name !== undefined) at[name] = gl.getUniformLocation(program, name);
  }
  return { program, at };
}
