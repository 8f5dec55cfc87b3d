/** What the host put into the global object before this bundle ran; it is taken out again before the script itself runs. */
interface HostBindings {
  readonly settings: HostSettings;
  readonly writeLog: (level: string, line: string) => void;
  /** Tells the watchdog that the next request of the call begins. */
  readonly beginNext: () => void;
  /** Tells it that all are decided: what the isolate still does (microtasks) is no single one's. */
  readonly endAll: () => void;
}

/** Settings of this sandbox, as JSON from the host. */
export interface HostSettings {
  /** Named address lists: name → CIDRs and addresses. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** Note where each decision was made. */
  readonly explain: boolean;
}

declare global {
  var tidegateHost: (Omit<HostBindings, 'settings'> & { readonly settings: string }) | undefined;
}

/** The host wrote it, so it is what it says. */
const parseSettings: (json: string) => HostSettings = JSON.parse;

function takeBindings(): HostBindings {
  const given = globalThis.tidegateHost;
  Reflect.deleteProperty(globalThis, 'tidegateHost');
  if (given === undefined) {
    const settings = { lists: {}, explain: false };
    return { settings, writeLog: () => {}, beginNext: () => {}, endAll: () => {} };
  }
  return { ...given, settings: parseSettings(given.settings) };
}

export const host: HostBindings = takeBindings();
