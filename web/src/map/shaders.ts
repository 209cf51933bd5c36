/** Shaders of the point layer and of the density below it. Colours are premultiplied throughout. */

/** Sizes come as 1/32 of the basic radius, so that a byte holds 1/32 to 8 times as large. */
export const SIZE_UNIT = 32;

export const POINT_VERTEX = `#version 300 es
precision highp float;
layout(location = 0) in vec2 from;
layout(location = 1) in vec2 to;
layout(location = 2) in vec4 look; // colour, size, opacity
uniform vec2 middle;
uniform vec2 scale;
uniform float moved;
uniform float radius;
uniform float opacity;
uniform sampler2D palette;
out vec4 color;
out float reach;
void main() {
  vec4 paint = texelFetch(palette, ivec2(int(look.x * 255.0 + 0.5), 0), 0);
  float alpha = paint.a * look.z;
  if (alpha == 0.0) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    return;
  }
  gl_Position = vec4((mix(from, to, moved) - middle) * scale, 0.0, 1.0);
  reach = max(radius * look.y * 255.0 / ${SIZE_UNIT}.0, 0.7);
  gl_PointSize = 2.0 * reach + 2.0;
  color = vec4(paint.rgb, alpha * opacity);
}`;

export const POINT_FRAGMENT = `#version 300 es
precision mediump float;
in vec4 color;
in float reach;
uniform vec3 rim;
uniform float rimWidth;
out vec4 pixel;
void main() {
  float away = length(gl_PointCoord - 0.5) * (2.0 * reach + 2.0);
  float cover = clamp(reach + 0.5 - away, 0.0, 1.0);
  float edge = reach > 2.0 * rimWidth ? clamp(away - reach + rimWidth + 0.5, 0.0, 1.0) * 0.75 : 0.0;
  float alpha = color.a * cover;
  pixel = vec4(mix(color.rgb, rim, edge) * alpha, alpha);
}`;

export const SHADE_VERTEX = `#version 300 es
precision highp float;
uniform vec4 box;
uniform vec2 middle;
uniform vec2 scale;
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  place = corner;
  gl_Position = vec4((mix(box.xy, box.zw, corner) - middle) * scale, 0.0, 1.0);
}`;

export const SHADE_FRAGMENT = `#version 300 es
precision mediump float;
in vec2 place;
uniform sampler2D shade;
uniform float opacity;
out vec4 pixel;
void main() {
  pixel = texture(shade, place) * opacity;
}`;
