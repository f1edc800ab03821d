// The pages: where they are, which keys lead there, and which scope's answers they show.
import type { IconName } from "./parts/icons";
import { hrefOf } from "./router";

export interface PageEntry {
  path: string;
  title: string;
  group: string;
  icon: IconName;
  key: string; // after g
  scope: string;
}

export const PAGES: PageEntry[] = [
  { path: "/", title: "Overview", group: "", icon: "overview", key: "o", scope: "overview:read" },
  { path: "/payments", title: "Payments", group: "Money", icon: "payments", key: "p", scope: "payments:read" },
  { path: "/accounts", title: "Accounts", group: "Money", icon: "accounts", key: "a", scope: "accounts:read" },
  { path: "/queues", title: "Holds & reviews", group: "Money", icon: "queues", key: "h", scope: "payments:read" },
  {
    path: "/settlement",
    title: "Settlement",
    group: "Operations",
    icon: "settlement",
    key: "b",
    scope: "operations:read",
  },
  { path: "/reports", title: "Reports", group: "Finance", icon: "reports", key: "r", scope: "reports:read" },
  { path: "/sql", title: "SQL", group: "Finance", icon: "sql", key: "s", scope: "sql:run" },
  { path: "/audit", title: "Audit trail", group: "Evidence", icon: "audit", key: "t", scope: "accounts:read" },
  {
    path: "/projections",
    title: "Projections",
    group: "Evidence",
    icon: "projections",
    key: "j",
    scope: "projections:read",
  },
];

// Alerts and reports link to what the API says: here is the page that shows the same.
export function pageOf(path: string, given: Record<string, string | number> = {}): string {
  const [plain = "", search = ""] = path.split("?");
  const query: Record<string, string> = { ...Object.fromEntries(new URLSearchParams(search)) };
  for (const [name, value] of Object.entries(given)) query[name] = String(value);
  const [kind = "", id, rest] = plain.replace(/^\/v1\//, "").split("/");
  const queue = query["queue"];
  if (kind === "payments" && queue) return hrefOf("/queues", { tab: queue === "review" ? undefined : queue });
  if (kind === "breaks" && !id) return hrefOf("/settlement");
  if (kind === "events" && id) return hrefOf(`/audit/${id}`);
  if (["payments", "accounts", "reports", "holds", "transfers"].includes(kind)) {
    return hrefOf(`/${kind}${id ? `/${encodeURIComponent(decodeURIComponent(id))}` : ""}`, rest ? {} : query);
  }
  if (["status", "projections", "audits"].includes(kind)) return hrefOf("/projections");
  return id ? hrefOf(`/things/${kind}/${id}`) : hrefOf("/settlement", { tab: kind });
}
