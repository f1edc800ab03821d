// All payments: filters that live in the address, newest first, following the book.
import { Amount, AccountId, Id, Moment, Status } from "../parts/figures";
import { Choice, Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { More, Table, type Column } from "../parts/table";
import { usePages } from "../query";
import { hrefOf, navigate, setQuery, usePlace } from "../router";
import type { PaymentLine, PaymentPage } from "../shapes";
import { kindOf, labelOf, PAYMENT_STATUSES, PAYMENT_TYPES, RAILS, statusOf } from "../words";

const FILTERS = ["status", "rail", "payment_type", "queue", "customer_id", "payee_id", "end_to_end_id"];

export function PaymentsPage() {
  const { query } = usePlace();
  const wanted = new URLSearchParams({ limit: "50" });
  for (const name of FILTERS) if (query.get(name)) wanted.set(name, query.get(name) ?? "");
  const pages = usePages<PaymentPage>(`/v1/payments?${wanted}`, true);
  const isFiltered = [...wanted].length > 1;
  return (
    <Page title="Payments" asOf={pages.data?.as_of}>
      <Filters />
      <Panel>
        <Answered answer={pages} lines={12}>
          {(first) => {
            const rows = [first, ...pages.rest].flatMap((page) => page.payments);
            if (rows.length === 0 && !pages.more) return <NoPayments isFiltered={isFiltered} />;
            return <Table label="Payments" columns={columnsOfPayments()} rows={rows} keyOf={(one) => one.payment_id} />;
          }}
        </Answered>
        <More pages={pages} />
      </Panel>
    </Page>
  );
}

function NoPayments({ isFiltered }: { isFiltered: boolean }) {
  if (!isFiltered) {
    return (
      <Empty icon="payments" title="No payments yet">
        They appear here within a second of the book's commit.
      </Empty>
    );
  }
  return (
    <Empty icon="search" title="No payment matches">
      <a href={hrefOf("/payments")}>Clear the filters</a>
    </Empty>
  );
}

function Filters() {
  const { query } = usePlace();
  const named = ["customer_id", "payee_id", "end_to_end_id"].filter((name) => query.get(name));
  const search = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("search") as HTMLInputElement;
    const text = field.value.trim();
    field.value = "";
    if (/^pay_\d+$/.test(text)) navigate(hrefOf(`/payments/${text}`));
    else if (/^cust_\d+$/.test(text)) setQuery({ customer_id: text });
    else if (text.startsWith("payee_")) setQuery({ payee_id: text });
    else if (text) setQuery({ end_to_end_id: text });
  };
  return (
    <div class="filters">
      <form class="field is-wide" role="search" onSubmit={search}>
        <label for="search">Find</label>
        <input
          id="search"
          name="search"
          placeholder="Payment, customer or payee id, or end-to-end id"
          autocomplete="off"
          spellcheck={false}
        />
      </form>
      <Choice
        name="status"
        label="Status"
        options={PAYMENT_STATUSES.map((status) => [status, `${statusOf(status)[0]} (${status})`])}
      />
      <Choice name="rail" label="Rail" options={RAILS.map((rail) => [rail, labelOf(rail)])} />
      <Choice name="payment_type" label="Type" options={PAYMENT_TYPES.map((type) => [type, labelOf(type)])} />
      <Choice
        name="queue"
        label="Waits for"
        options={[
          ["review", "Review"],
          ["authorisation", "Payer"],
          ["parked", "Parked"],
        ]}
      />
      {named.map((name) => (
        <button
          key={name}
          type="button"
          class="chip"
          onClick={() => setQuery({ [name]: undefined })}
          aria-label={`Remove the filter ${name}`}
        >
          {labelOf(name.replace(/_id$/, ""))}: <span class="mono">{query.get(name)}</span> ×
        </button>
      ))}
    </div>
  );
}

export function columnsOfPayments(): Column<PaymentLine>[] {
  return [
    {
      key: "id",
      title: "Payment",
      cell: (one) => (
        <a class="row mono" href={hrefOf(`/payments/${one.payment_id}`)}>
          {one.payment_id}
        </a>
      ),
    },
    { key: "status", title: "Status", cell: (one) => <PaymentStatus of={one} /> },
    {
      key: "amount",
      title: "Amount",
      kind: "figure",
      cell: (one) => <Amount minor={one.amount_minor} currency={one.instructed_amount.currency} />,
    },
    { key: "type", title: "Type", isMinor: true, cell: (one) => <span class="nowrap">{kindOf(one)}</span> },
    {
      key: "from",
      title: "From",
      isMinor: true,
      cell: (one) => (one.debtor_account_id ? <AccountId of={one.debtor_account_id} /> : <Outside of={one} />),
    },
    {
      key: "to",
      title: "To",
      isMinor: true,
      cell: (one) => (one.creditor_account_id ? <AccountId of={one.creditor_account_id} /> : <Outside of={one} />),
    },
    { key: "customer", title: "Customer", isMinor: true, isExtra: true, cell: (one) => <Id of={one.customer_id} /> },
    {
      key: "at",
      title: "Last event",
      kind: "figure",
      cell: (one) => <Moment at={one.events[one.events.length - 1]?.recorded_at} />,
    },
  ];
}

export function PaymentStatus({ of }: { of: PaymentLine }) {
  if (of.parked)
    return (
      <span class="badge is-bad" title={of.parked}>
        Parked
      </span>
    );
  return (
    <span class="nowrap">
      <Status of={of.status} />
      {of.reason_code && (
        <span class="mono quiet" title={of.detail ?? undefined}>
          {" "}
          {of.reason_code}
        </span>
      )}
    </span>
  );
}

function Outside({ of }: { of: PaymentLine }) {
  return (
    <span class="mono quiet" title={of.payee_id ?? undefined}>
      {of.iban_masked ?? (of.rail === "card_psp" ? "card" : "outside")}
    </span>
  );
}
