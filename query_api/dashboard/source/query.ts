// Questions as hooks: what was answered last stays on screen while the next answer is on its way.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem } from "./api";
import { tick } from "./live";
import { useStore } from "./store";

export interface Answer<T> {
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  reload(): void;
}

interface Running {
  path: string;
  controller: AbortController;
  again: boolean; // the book moved on while the answer was on its way
}

const RETRIES_MAX = 6;
const RETRY_MS = 1_000;
const KEPT_MAX = 60;
const kept = new Map<string, unknown>();

function keep(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, data);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
}

type Load<T> = (signal: AbortSignal) => Promise<T>;

// `follow`: ask again whenever the book moves on.
export function useQuery<T>(path: string | null, follow = false): Answer<T> {
  const now = useStore(tick);
  const followed = useRef(0);
  if (follow) followed.current = now; // else it stays: to stop following is no reason to ask
  return useLoad<T>(path, (signal) => ask<T>(path ?? "", signal), followed.current);
}

// What takes more than one question, under a key that names it. It is loaded again when `now` changes, one at a time.
export function useLoad<T>(path: string | null, load: Load<T>, now: number): Answer<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; problem: Problem | null }>(() => ({
    path,
    data: path === null ? null : ((kept.get(path) as T | undefined) ?? null),
    problem: null,
  }));
  const [asked, setAsked] = useState(0);
  const running = useRef<Running | null>(null);

  useEffect(() => {
    if (path === null) return;
    if (running.current?.path === path) {
      running.current.again = true;
      return;
    }
    running.current?.controller.abort();
    const mine: Running = { path, controller: new AbortController(), again: false };
    running.current = mine;
    const settle = (set: () => void) => {
      if (running.current !== mine) return;
      running.current = null;
      set();
      if (mine.again) setAsked((before) => before + 1);
    };
    load(mine.controller.signal).then(
      (data) =>
        settle(() => {
          keep(path, data);
          setState({ path, data, problem: null });
        }),
      (error: unknown) =>
        settle(() => {
          const problem = problemOf(error);
          setState((before) => ({ path, data: before.path === path ? before.data : null, problem }));
        }),
    );
  }, [path, asked, now]);

  // What is down for a moment is asked again without anybody's help.
  const retries = useRef(0);
  useEffect(() => {
    if (!state.problem) retries.current = 0;
    else if (isPassing(state.problem) && retries.current < RETRIES_MAX) {
      retries.current += 1;
      const timer = setTimeout(() => setAsked((before) => before + 1), RETRY_MS * retries.current);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [state]);

  useEffect(
    () => () => {
      running.current?.controller.abort();
      running.current = null;
    },
    [],
  );
  const current = state.path === path ? state : { data: (path && (kept.get(path) as T)) || null, problem: null };
  const reload = useCallback(() => setAsked((before) => before + 1), []);
  return { ...current, loading: path !== null && current.data === null && current.problem === null, reload };
}

interface Page {
  next_cursor: string | null;
}

export interface Pages<T> extends Answer<T> {
  rest: T[];
  more: (() => void) | null;
  newest: (() => void) | null; // leave the older pages and follow the book again
  loadingMore: boolean;
}

// A list by pages. The first follows the book until another one is asked for: pages of two moments would leave a gap.
export function usePages<T extends Page>(path: string, follow = false): Pages<T> {
  const [rest, setRest] = useState<{ path: string; pages: T[]; problem: Problem | null; busy: boolean }>({
    path,
    pages: [],
    problem: null,
    busy: false,
  });
  const mine = rest.path === path ? rest : { path, pages: [], problem: null, busy: false };
  const first = useQuery<T>(path, follow && mine.pages.length === 0 && !mine.busy);
  const cursor = mine.pages.length ? mine.pages[mine.pages.length - 1]?.next_cursor : first.data?.next_cursor;
  const more = useCallback(() => {
    if (!cursor) return;
    setRest({ ...mine, busy: true });
    ask<T>(`${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`).then(
      (page) => setRest({ path, pages: [...mine.pages, page], problem: null, busy: false }),
      (error: unknown) => setRest({ ...mine, busy: false, problem: problemOf(error) }),
    );
  }, [path, cursor, rest]);
  const newest = useCallback(() => {
    setRest({ path, pages: [], problem: null, busy: false });
    first.reload();
  }, [path, first.reload]);
  return {
    ...first,
    problem: first.problem ?? mine.problem,
    rest: mine.pages,
    more: cursor ? more : null,
    newest: mine.pages.length ? newest : null,
    loadingMore: mine.busy,
  };
}

function isPassing(problem: Problem): boolean {
  return problem.isUnreachable || problem.status === 503;
}

export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, "unexpected", String(error));
}
