// Audio that the server has not yet acknowledged, on the clock of the session (samples at the declared rate).

const KEPT_MAX_S = 600;

export class Unacknowledged {
  /** `rate` in Hz; `lostS` is what was lost before, in seconds. */
  constructor(rate, lostS = 0) {
    this.rate = rate;
    this.start = null; // sample of the first frame that is kept; unknown until the server has said where it stands
    this.frames = []; // ArrayBuffers of s16le mono
    this.kept = 0; // samples
    this.lost = Math.round(lostS * rate); // samples given up, because too much was unacknowledged
  }

  get keptS() {
    return this.kept / this.rate;
  }

  get lostS() {
    return this.lost / this.rate;
  }

  add(frame) {
    this.frames.push(frame);
    this.kept += samplesOf(frame);
    while (this.kept > KEPT_MAX_S * this.rate) this.lost += this.#drop();
  }

  /** Everything before this sample is safe on the server. */
  acknowledge(sample) {
    if (this.start === null) return;
    while (this.frames.length && this.start + samplesOf(this.frames[0]) <= sample) this.#drop();
  }

  /** What is to be sent (again) when the server wants to go on from this sample. */
  from(sample) {
    // Nothing is known yet, or earlier audio was given up: the server counts what comes first from where it stands.
    if (this.start === null || sample < this.start) this.start = sample;
    this.acknowledge(sample);
    const first = this.frames.length ? sample - this.start : 0;
    if (first > 0) {
      this.frames[0] = this.frames[0].slice(first * 2);
      this.kept -= first;
    }
    this.start = sample;
    return [...this.frames];
  }

  #drop() {
    const samples = samplesOf(this.frames.shift());
    if (this.start !== null) this.start += samples;
    this.kept -= samples;
    return samples;
  }
}

const samplesOf = (frame) => frame.byteLength / 2;
