// What a page shows when it has nothing to show: still asking, nothing there, refused, not part of this installation.
import type { ComponentChildren } from "preact";
import type { Problem } from "../api";
import type { Answer } from "../query";
import { Icon, type IconName } from "./icons";

export function Loading({ lines = 6 }: { lines?: number }) {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} class={`bone bone-${index % 4}`} />
      ))}
    </div>
  );
}

export function Empty({
  icon = "check",
  title,
  children,
}: {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
}) {
  return (
    <div class="state">
      <Icon name={icon} />
      <p class="state-title">{title}</p>
      {children && <div class="state-text">{children}</div>}
    </div>
  );
}

export function Refused({ problem, retry }: { problem: Problem; retry?: () => void }) {
  if (problem.isAbsent) return <NotHere />;
  if (problem.status === 403) {
    return (
      <Empty icon="alert" title="Your role does not include this">
        {problem.message}.
      </Empty>
    );
  }
  return (
    <div class="state is-bad" role="alert">
      <Icon name="alert" />
      <p class="state-title">{problem.isUnreachable ? "No answer" : "This could not be read"}</p>
      <div class="state-text">
        <p>{problem.message}</p>
        <p class="quiet mono">
          {problem.code}
          {problem.trace && ` · trace ${problem.trace}`}
        </p>
      </div>
      {retry && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function NotHere({ children }: { children?: ComponentChildren }) {
  return (
    <div class="state" data-state="not-here">
      <Icon name="link" />
      <p class="state-title">Not available here</p>
      <div class="state-text">
        {children ?? "This installation's query API does not serve what this page reads. Everything else works."}
      </div>
    </div>
  );
}

// An answer as a page: what is known stays in sight when asking again fails.
export function Answered<T>({
  answer,
  children,
  lines,
}: {
  answer: Answer<T>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  if (answer.data !== null) {
    return (
      <>
        {answer.problem && <Outdated problem={answer.problem} retry={answer.reload} />}
        {children(answer.data)}
      </>
    );
  }
  if (answer.problem) return <Refused problem={answer.problem} retry={answer.reload} />;
  return <Loading lines={lines} />;
}

function Outdated({ problem, retry }: { problem: Problem; retry: () => void }) {
  return (
    <p class="notice is-warn" role="status">
      <Icon name="clock" /> Shown as last read: {problem.message}.{" "}
      <button type="button" class="link" onClick={retry}>
        Try again
      </button>
    </p>
  );
}
