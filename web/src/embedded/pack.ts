/** The data that a page carries: sections of compressed bytes, each decoded once, when it is first asked for. */

import { AnswerError } from "../answers/answers";

export type Numbers = Float32Array | Int32Array | Int16Array | Uint16Array | Int8Array;
type Kind = "json" | "bytes" | "float32" | "int32" | "int16" | "uint16" | "int8";

export interface SectionAbout {
  at: number;
  kind: Kind;
}

/** Return the text of the section of a number. */
export type Source = (at: number) => Promise<string>;

export class Pack {
  private readonly made = new Map<string, Promise<unknown>>();

  constructor(
    private readonly sections: Record<string, SectionAbout>,
    private readonly source: Source,
  ) {}

  has(name: string): boolean {
    return Object.hasOwn(this.sections, name);
  }

  json<T>(name: string): Promise<T> {
    return this.once(name, async (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as unknown) as Promise<T>;
  }

  bytes(name: string): Promise<Uint8Array> {
    return this.once(name, async (bytes) => bytes) as Promise<Uint8Array>;
  }

  async numbers(name: string): Promise<Numbers> {
    return (await this.once(name, async (bytes, kind) => asNumbers(bytes, kind))) as Numbers;
  }

  private once(name: string, make: (bytes: Uint8Array<ArrayBuffer>, kind: Kind) => Promise<unknown>): Promise<unknown> {
    const section = this.sections[name];
    if (!this.has(name) || section === undefined) throw new AnswerError(`This page does not carry ${name}.`);
    let made = this.made.get(name);
    if (made === undefined) {
      made = this.source(section.at)
        .then(decoded)
        .then((bytes) => make(bytes, section.kind));
      this.made.set(name, made);
    }
    return made;
  }
}

/** Return the bytes of a section's text: base64 of gzip. */
export async function decoded(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Newer browsers have it built in, several times as fast. */
interface Decodes {
  fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as Decodes).fromBase64;
  if (native !== undefined) return native.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Return the numbers whose bytes are stored plane by plane: all first bytes, then all second ones. */
function asNumbers(planes: Uint8Array<ArrayBuffer>, kind: Kind): Numbers {
  const width = kind === "int8" ? 1 : kind === "int16" || kind === "uint16" ? 2 : 4;
  const n = planes.length / width;
  const bytes = width === 1 ? planes : new Uint8Array(planes.length);
  for (let plane = 0; width > 1 && plane < width; plane++) {
    const start = plane * n;
    for (let i = 0, to = plane; i < n; i++, to += width) bytes[to] = planes[start + i] as number;
  }
  if (kind === "int8") return new Int8Array(bytes.buffer);
  if (kind === "int16") return new Int16Array(bytes.buffer);
  if (kind === "uint16") return new Uint16Array(bytes.buffer);
  if (kind === "int32") return new Int32Array(bytes.buffer);
  if (kind === "float32") return new Float32Array(bytes.buffer);
  throw new AnswerError(`a section of ${kind} holds no numbers.`);
}
