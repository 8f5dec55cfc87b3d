/** What the host put into the global object before this bundle ran; it is taken out again before the script itself runs. */
interface HostBindings {
  readonly settings: HostSettings;
  readonly writeLog: (level: string, line: string) => void;
}

/** Settings of this sandbox, as JSON from the host. */
export interface HostSettings {
  /** Named address lists: name → CIDRs and addresses. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** Note where each decision was made. */
  readonly explain: boolean;
}

declare global {
  var tidegateHost:
    { readonly settings: string; readonly writeLog: (level: string, line: string) => void } | undefined;
}

/** The host wrote it, so it is what it says. */
const parseSettings: (json: string) => HostSettings = JSON.parse;

function takeBindings(): HostBindings {
  const given = globalThis.tidegateHost;
  Reflect.deleteProperty(globalThis, 'tidegateHost');
  if (given === undefined) return { settings: { lists: {}, explain: false }, writeLog: () => {} };
  return { settings: parseSettings(given.settings), writeLog: given.writeLog };
}

export const host: HostBindings = takeBindings();
