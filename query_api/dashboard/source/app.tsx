// Which page an address is, and what stands there while nobody has signed in.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { signedOut } from "./api";
import { startLive, stopLive } from "./live";
import { Help, Palette } from "./parts/dialogs";
import { Page } from "./parts/page";
import { Shell } from "./parts/shell";
import { Empty, Loading, Refused } from "./parts/states";
import { AccountPage } from "./pages/account";
import { AccountsPage } from "./pages/accounts";
import { AuditPage, EventPage, TransferPage } from "./pages/audit";
import { LoginPage } from "./pages/login";
import { OverviewPage } from "./pages/overview";
import { PaymentPage } from "./pages/payment";
import { PaymentsPage } from "./pages/payments";
import { ProjectionsPage } from "./pages/projections";
import { HoldPage, QueuesPage } from "./pages/queues";
import { ReportsPage } from "./pages/reports";
import { SettlementPage, ThingPage } from "./pages/settlement";
import { PAGES } from "./places";
import { hrefOf, usePlace } from "./router";
import { findSession, may, session } from "./session";
import { useStore } from "./store";

type Route = [RegExp, string, (...parts: string[]) => ComponentChildren];

const ROUTES: Route[] = [
  [/^\/$/, "overview:read", () => <OverviewPage />],
  [/^\/payments$/, "payments:read", () => <PaymentsPage />],
  [/^\/payments\/([^/]+)$/, "payments:read", (id) => <PaymentPage key={id} id={id} />],
  [/^\/accounts$/, "accounts:read", () => <AccountsPage />],
  [/^\/accounts\/([^/]+)$/, "accounts:read", (id) => <AccountPage key={id} id={id} />],
  [/^\/queues$/, "payments:read", () => <QueuesPage />],
  [/^\/holds\/([^/]+)$/, "accounts:read", (id) => <HoldPage key={id} id={id} />],
  [/^\/transfers\/([^/]+)$/, "accounts:read", (id) => <TransferPage key={id} id={id} />],
  [/^\/settlement$/, "operations:read", () => <SettlementPage />],
  [/^\/things\/([a-z-]+)\/([^/]+)$/, "", (kind, id) => <ThingPage key={`${kind}/${id}`} kind={kind} id={id} />],
  [/^\/reports(?:\/([^/]+))?$/, "reports:read", (name) => <ReportsPage name={name} />],
  [/^\/sql$/, "sql:run", () => <SqlLoader />],
  [/^\/audit$/, "accounts:read", () => <AuditPage />],
  [/^\/audit\/(\d+)$/, "accounts:read", (position) => <EventPage key={position} position={position} />],
  [/^\/projections$/, "projections:read", () => <ProjectionsPage />],
];

export function App() {
  const state = useStore(session);
  const isOut = useStore(signedOut);
  const isIn = state.kind === "in" && !isOut;
  useEffect(() => void findSession(), []);
  useEffect(() => {
    if (isIn) startLive();
    else stopLive();
  }, [isIn]);
  if (state.kind === "out" || (state.kind === "in" && isOut)) return <LoginPage hasEnded={state.kind === "in"} />;
  if (state.kind === "failed")
    return (
      <main class="alone">
        <Refused problem={state.why} retry={() => void findSession()} />
      </main>
    );
  return (
    <>
      <Shell>{state.kind === "in" ? <Outlet /> : <Loading />}</Shell>
      <Palette />
      <Help />
    </>
  );
}

function Outlet() {
  const { path } = usePlace();
  for (const [pattern, scope, make] of ROUTES) {
    const found = pattern.exec(path);
    if (!found) continue;
    if (scope && !may(scope)) return path === "/" ? <FirstAllowed /> : <NotForYou scope={scope} />;
    return make(...found.slice(1).map((part) => (part === undefined ? "" : decodeURIComponent(part))));
  }
  return (
    <Page title="No such page">
      <Empty icon="search" title="There is no page at this address">
        <a href={hrefOf("/")}>Go to the overview</a>
      </Empty>
    </Page>
  );
}

function FirstAllowed() {
  const page = PAGES.find((candidate) => may(candidate.scope));
  if (!page) return <NotForYou scope="overview:read" />;
  return (
    <Page title="Bursar">
      <Empty title={`Begin with ${page.title}`}>
        <a href={hrefOf(page.path)}>{page.title}</a>
      </Empty>
    </Page>
  );
}

function NotForYou({ scope }: { scope: string }) {
  return (
    <Page title="Not for your role">
      <Empty icon="alert" title="Your role does not include this">
        It needs the scope <code>{scope}</code>.
      </Empty>
    </Page>
  );
}

// The editor is larger than everything else together: it comes when it is wanted.
function SqlLoader() {
  const [SqlPage, setSqlPage] = useState<(() => ComponentChildren) | null>(null);
  useEffect(() => {
    void import("./pages/sql").then((module) => setSqlPage(() => module.SqlPage));
  }, []);
  return SqlPage ? <SqlPage /> : <Loading />;
}
