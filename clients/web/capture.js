// Microphone to stream: opens, pauses and closes it, and says how loud it is and when it hears nothing at all.

import { Microphone, microphones } from "./microphone.js";

/** Digital silence for so many frames of 40 ms means a muted or a dead device; a quiet room is never digitally silent. */
const SILENT_FRAMES = 125;

export class Capture {
  /** `onChange()` when it opens or closes; `onLevel(0..1)`; `onSilence(bool)`; `onProblem(code)`. */
  constructor(stream, { onChange, onLevel, onSilence, onProblem }) {
    this.stream = stream;
    this.onChange = onChange;
    this.onLevel = onLevel;
    this.onSilence = onSilence;
    this.onProblem = onProblem;
    this.silentFrames = 0;
    this.isPaused = false;
    this.microphone = new Microphone({
      onFrame: (frame, level) => this.#heard(frame, level),
      onLost: () => this.#failed("microphone_lost"),
    });
  }

  get isOpen() {
    return this.microphone.isOpen;
  }

  /** Opens the microphone, or changes to another one; true where it worked. The session goes on being heard. */
  async open(deviceId) {
    if (!navigator.mediaDevices) {
      this.onProblem("insecure");
      return false;
    }
    try {
      await this.microphone.open(deviceId);
    } catch {
      this.onProblem("microphone");
      return false;
    }
    this.stream.publish(this.microphone.rate);
    if (this.isPaused) this.pause();
    else this.resume();
    return true;
  }

  pause() {
    this.isPaused = true;
    this.microphone.mute(true);
    this.stream.pause();
    this.#settled();
  }

  resume() {
    this.isPaused = false;
    this.microphone.mute(false);
    this.stream.resume();
    this.#settled();
  }

  close() {
    this.microphone.close();
    this.#settled();
  }

  /** `[{id, label}]` of the devices, and which of them is heard. */
  async devices() {
    const found = await microphones();
    const heard = this.microphone.device;
    const current = found.find(({ deviceId }) => deviceId === heard?.deviceId) ?? found.find(({ groupId }) => groupId === heard?.groupId);
    return { devices: found.map(({ deviceId, label }) => ({ id: deviceId, label })), current: current?.deviceId ?? null };
  }

  #heard(frame, level) {
    if (this.isPaused) return;
    this.stream.send(frame);
    this.onLevel(level);
    if (level > 0 && this.silentFrames >= SILENT_FRAMES) this.onSilence(false);
    this.silentFrames = level > 0 ? 0 : this.silentFrames + 1;
    if (this.silentFrames === SILENT_FRAMES) this.onSilence(true);
  }

  #failed(code) {
    this.microphone.close();
    this.#settled();
    this.onProblem(code);
  }

  #settled() {
    this.silentFrames = 0;
    this.onSilence(false);
    this.onLevel(0);
    this.onChange();
  }
}
