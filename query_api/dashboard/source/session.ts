// Who is there and what they may see. Routes decide; this only keeps what they would refuse out of sight.
import { ask, Problem, rememberCsrf, signedOut, tell } from "./api";
import { createStore } from "./store";

export interface Session {
  subject: string;
  name: string;
  tenant: string;
  ledgers: string[];
  scopes: string[] | null; // null: not known, because whoever signs requests stands in front of this page
  expiresAt: string | null;
  hasSession: boolean; // a login of this browser, which can end; a token that a proxy adds cannot
}

type State = { kind: "asking" } | { kind: "out" } | { kind: "in"; session: Session } | { kind: "failed"; why: Problem };

export const session = createStore<State>({ kind: "asking" });

export async function findSession(): Promise<void> {
  try {
    const me = await ask<{
      subject: string;
      name?: string | null;
      tenant: string;
      ledgers: string[];
      scopes: string[];
      csrf_token?: string | null;
      expires_at?: string | null;
    }>("/auth/me");
    rememberCsrf(me.csrf_token ?? null);
    const { subject, tenant, ledgers, scopes } = me;
    session.set({
      kind: "in",
      session: {
        subject,
        name: me.name || subject,
        tenant,
        ledgers,
        scopes,
        expiresAt: me.expires_at ?? null,
        hasSession: Boolean(me.csrf_token),
      },
    });
    signedOut.set(false);
  } catch (error) {
    const why = error instanceof Problem ? error : new Problem(0, "unreachable", String(error));
    if (why.status === 401) session.set({ kind: "out" });
    else if (why.isAbsent) session.set({ kind: "in", session: BEHIND_A_PROXY });
    else session.set({ kind: "failed", why });
  }
}

export function may(scope: string): boolean {
  const state = session.get();
  if (state.kind !== "in") return false;
  return state.session.scopes === null || state.session.scopes.includes(scope);
}

export async function signOut(): Promise<void> {
  const { next } = await tell<{ next: string }>("POST", "/auth/logout");
  session.set({ kind: "out" });
  location.assign(next); // the identity provider's own session ends there
}

const BEHIND_A_PROXY: Session = {
  subject: "",
  name: "",
  tenant: "",
  ledgers: [],
  scopes: null,
  expiresAt: null,
  hasSession: false,
};
