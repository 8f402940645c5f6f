// The microphone as frames of s16le mono at the rate of the audio context; the server resamples.

/** Little-endian 16-bit samples of float samples in [-1, 1]. */
export function toS16(samples) {
  const out = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, i) => out.setInt16(i * 2, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return out.buffer;
}

/** Level of a frame, 0 to 1 on a scale of 60 dB: what a meter shows. */
export function level(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  return Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-12)) / 60));
}

export class Microphone {
  /** `onFrame(ArrayBuffer, level)` for every 40 ms, `onLost()` when the device goes away. */
  constructor({ onFrame, onLost }) {
    this.onFrame = onFrame;
    this.onLost = onLost;
    this.context = null;
    this.capture = null;
    this.source = null;
    this.stream = null;
  }

  get isOpen() {
    return this.stream !== null;
  }

  /** Hertz of the frames; known once `open` has resolved. It stays while the device is changed. */
  get rate() {
    return this.context.sampleRate;
  }

  /** `{deviceId, groupId}` of the device that is heard. */
  get device() {
    return this.stream?.getAudioTracks()[0].getSettings() ?? null;
  }

  /**
   * Opens a microphone (only after consent), or changes to another one. Rejects where the browser or the person says
   * no; what was open before then stays open.
   */
  async open(deviceId) {
    const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: true, channelCount: 1 };
    if (deviceId) wanted.deviceId = { exact: deviceId };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    try {
      if (this.context === null) await this.#prepare();
      const source = this.context.createMediaStreamSource(stream);
      this.#letGo();
      source.connect(this.capture);
      Object.assign(this, { stream, source });
    } catch (error) {
      stop(stream);
      throw error;
    }
    stream.getAudioTracks()[0].addEventListener("ended", () => this.stream === stream && this.onLost());
    await this.context.resume();
  }

  /** While muted the device gives silence, and no frame is handed over. */
  mute(isMuted) {
    for (const track of this.stream?.getTracks() ?? []) track.enabled = !isMuted;
  }

  close() {
    this.#letGo();
    this.context?.close();
    this.context = null;
  }

  async #prepare() {
    const context = new AudioContext();
    await context.audioWorklet.addModule("worklet.js");
    this.capture = new AudioWorkletNode(context, "colloque-capture", { numberOfOutputs: 0 });
    this.capture.port.onmessage = ({ data }) => this.isOpen && this.onFrame(toS16(data), level(data));
    this.context = context;
  }

  #letGo() {
    this.source?.disconnect();
    if (this.stream) stop(this.stream);
    this.source = null;
    this.stream = null;
  }
}

const stop = (stream) => stream.getTracks().forEach((track) => track.stop());

/** Microphones that may be chosen; their names are known only once the person has allowed one. */
export const microphones = async () => choices((await navigator.mediaDevices?.enumerateDevices()) ?? []);

/** The microphones among devices, without the browser's second names ("default") for one that stands there itself. */
export function choices(devices) {
  const inputs = devices.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId);
  const isAlias = ({ deviceId }) => deviceId === "default" || deviceId === "communications";
  const own = new Set(inputs.filter((input) => !isAlias(input)).map(({ groupId }) => groupId));
  return inputs.filter((input) => !isAlias(input) || !own.has(input.groupId));
}
