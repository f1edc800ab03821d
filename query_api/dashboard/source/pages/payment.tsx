// One payment: what it is, why it is where it is, and every event of its life in order.
import type { ComponentChildren } from "preact";
import { AccountId, Amount, Badge, Facts, Id, Moment, Position, Status, Value } from "../parts/figures";
import { Page, Panel } from "../parts/page";
import { Answered, Empty } from "../parts/states";
import { useQuery } from "../query";
import { hrefOf } from "../router";
import type { PaymentExplanation, PaymentStep, PaymentTimeline, PaymentView, Screening } from "../shapes";
import { formatSeconds, secondsBetween } from "../time";
import { kindOf, labelOf, statusOf } from "../words";
import { PaymentStatus } from "./payments";

const SCORE_MAX = 1000;

export function PaymentPage({ id }: { id: string }) {
  const path = `/v1/payments/${encodeURIComponent(id)}`;
  const payment = useQuery<PaymentView>(path, true);
  const timeline = useQuery<PaymentTimeline>(`${path}/timeline`, true);
  const explanation = useQuery<PaymentExplanation>(`${path}/explanation`, true);
  return (
    <Page title={id} back={{ href: hrefOf("/payments"), title: "Payments" }} asOf={payment.data?.as_of}>
      <Answered answer={payment}>{(data) => <Summary of={data} />}</Answered>
      <div class="columns is-wide-left">
        <Panel title="Timeline">
          <Answered answer={timeline}>{(data) => <Timeline steps={data.steps} />}</Answered>
        </Panel>
        <div class="stack">
          <Panel title={explanation.data ? titleOf(explanation.data) : "Why"}>
            <Answered answer={explanation}>{(data) => <Why of={data} />}</Answered>
          </Panel>
          {payment.data && (
            <Panel title="Facts">
              <PaymentFacts of={payment.data} />
            </Panel>
          )}
        </div>
      </div>
    </Page>
  );
}

function Summary({ of }: { of: PaymentView }) {
  const { currency } = of.instructed_amount;
  return (
    <div class="summary">
      <div class="summary-amount">
        <Amount minor={of.amount_minor} currency={currency} />
      </div>
      <div class="summary-status">
        <PaymentStatus of={of} />
      </div>
      <div class="summary-way">
        <Party account={of.debtor_account_id} of={of} />
        <span aria-label="to" class="quiet">
          →
        </span>
        <Party account={of.creditor_account_id} of={of} />
      </div>
      <p class="quiet">
        {kindOf(of)}
        {of.remittance_information && <>, “{of.remittance_information}”</>}
      </p>
    </div>
  );
}

function Party({ account, of }: { account: string | null; of: PaymentView }) {
  if (account) return <AccountId of={account} />;
  return <span class="mono">{of.iban_masked ?? (of.rail === "card_psp" ? "card" : "outside")}</span>;
}

function PaymentFacts({ of }: { of: PaymentView }) {
  const { currency } = of.instructed_amount;
  const rows: [string, ComponentChildren][] = [
    ["End-to-end id", <span class="mono">{of.end_to_end_id}</span>],
    [
      "Instructed",
      <span class="mono">
        {of.instructed_amount.value} {currency}
      </span>,
    ],
    ["Fee", <Amount minor={of.fee_minor} currency={currency} isQuietAtZero />],
    ["Refunded", <Amount minor={of.refunded_minor} currency={currency} isQuietAtZero />],
    ["Returned", <Amount minor={of.returned_minor} currency={currency} isQuietAtZero />],
    ["Customer", <Id of={of.customer_id} />],
    [
      "Payee",
      of.payee_id ? (
        <a class="mono" href={hrefOf("/payments", { payee_id: of.payee_id })}>
          {of.payee_id.slice(0, 18)}…
        </a>
      ) : (
        <Value of={null} />
      ),
    ],
    ["Execution date", <Value of={of.requested_execution_date} />],
    ["Transfer", <Id of={of.transfer_id} />],
    ["Instruction", <Value of={of.instruction_id} />],
    ["Rail reference", <Value of={of.rail_reference} />],
  ];
  return (
    <>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {of.metadata && Object.keys(of.metadata).length > 0 && <Facts of={of.metadata} />}
    </>
  );
}

function titleOf(of: PaymentExplanation): string {
  if (of.parked) return "Why it is parked";
  switch (of.status) {
    case "RJCT":
      return "Why it was declined";
    case "PDNG":
      return "Why it is in review";
    case "CANC":
      return "Why it was cancelled";
    default:
      return of.queue === "authorisation" ? "What it waits for" : "How it was decided";
  }
}

function Why({ of }: { of: PaymentExplanation }) {
  return (
    <div class="why">
      {(of.words || of.detail || of.parked) && (
        <div class={`verdict is-${statusOf(of.status)[1]}`}>
          <p class="verdict-words">{sentence(of.words ?? of.detail ?? of.parked)}</p>
          {of.words && of.detail && <p>{sentence(of.detail)}</p>}
          {of.reason_code && (
            <p class="quiet mono">
              {of.reason_code}
              {of.cause && ` · ${of.cause}`}
            </p>
          )}
        </div>
      )}
      {of.causes.length > 0 && (
        <p class="causes">
          Held because of{" "}
          {of.causes.map((cause) => (
            <Badge key={cause} tone="warn">
              {labelOf(cause)}
            </Badge>
          ))}
        </p>
      )}
      {of.steps
        .filter((step) => step.reason || step.decision)
        .map((step) => (
          <p key={step.position} class="said">
            <span class="quiet">{step.actor}</span> {step.decision && <strong>{labelOf(step.decision)}</strong>}{" "}
            {step.reason && `“${step.reason}”`}
          </p>
        ))}
      {of.risk ? <Risk of={of.risk} /> : <p class="quiet">No risk score was asked for.</p>}
      {of.screening && <Lists of={of.screening} />}
      {!of.risk && !of.screening && !of.words && !of.detail && of.causes.length === 0 && (
        <Empty title="Nothing stood in its way" />
      )}
    </div>
  );
}

function Risk({ of }: { of: NonNullable<PaymentExplanation["risk"]> }) {
  return (
    <div class="risk">
      <h3>
        Risk score <span class="risk-score">{of.score}</span>
        <span class="quiet"> of {SCORE_MAX}</span> <Status of={of.decision} />
        {of.degraded && <Badge tone="warn">degraded</Badge>}
      </h3>
      <svg class="meter" viewBox={`0 0 ${SCORE_MAX} 6`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width={SCORE_MAX} height="6" />
        <rect width={of.score} height="6" />
      </svg>
      {of.reasons.length > 0 ? (
        <ul class="reasons">
          {of.reasons.map((reason) => (
            <li key={reason.code}>
              {reason.words} <span class="mono quiet">{reason.code}</span>
            </li>
          ))}
        </ul>
      ) : (
        <p class="quiet">No rule had anything to say.</p>
      )}
      <p class="quiet">
        ruleset <span class="mono">{of.ruleset_version}</span>
        {of.model_version && (
          <>
            , model <span class="mono">{of.model_version}</span>
          </>
        )}
      </p>
    </div>
  );
}

function Lists({ of }: { of: Screening }) {
  return (
    <div class="risk">
      <h3>
        Screening <Status of={of.outcome} />
      </h3>
      {of.hits.length > 0 ? (
        <ul class="reasons">
          {of.hits.map((hit, index) => (
            <li key={index}>
              <Facts of={hit} />
            </li>
          ))}
        </ul>
      ) : (
        <p class="quiet">No entry of {of.lists.map((list) => list.list).join(", ")} came up.</p>
      )}
    </div>
  );
}

function Timeline({ steps }: { steps: PaymentStep[] }) {
  return (
    <ol class="timeline">
      {steps.map((step, index) => (
        <TimelineStep key={step.position} step={step} before={steps[index - 1]} />
      ))}
    </ol>
  );
}

function TimelineStep({ step, before }: { step: PaymentStep; before?: PaymentStep }) {
  const tone = statusOf(step.status)[1];
  const after = before ? secondsBetween(before.recorded_at, step.recorded_at) : null;
  const own: Record<string, unknown> = {
    instruction: step.instruction_id,
    outcome: step.outcome,
    rail_reference: step.rail_reference,
  };
  const details = { ...own, ...step.said };
  const hasDetails = Object.values(details).some((value) => value !== null && value !== "");
  return (
    <li class={`step is-${tone}`}>
      <div class="step-head">
        <span class="step-title">{labelOf(step.type.replace(/^payment_/, ""))}</span>
        {step.attempt !== null && <Badge tone={step.attempt > 1 ? "warn" : "plain"}>attempt {step.attempt}</Badge>}
        {before?.status !== step.status && <Status of={step.status} />}
        <span class="step-when">
          <Moment at={step.recorded_at} style="moment" />
          {after !== null && (
            <span class="quiet" title="after the event before">
              {" "}
              +{formatSeconds(after)}
            </span>
          )}
        </span>
      </div>
      <p class="step-who quiet">
        <Position at={step.position} /> by <span class="mono">{step.actor}</span>
      </p>
      {(step.words || step.detail || step.reason || step.decision || step.reason_code) && (
        <p class="step-why">
          {step.reason_code && <span class="mono">{step.reason_code}</span>} {step.words && sentence(step.words)}{" "}
          {step.detail && sentence(step.detail)} {step.decision && <Badge tone="plain">{labelOf(step.decision)}</Badge>}{" "}
          {step.reason && `“${step.reason}”`}
        </p>
      )}
      {hasDetails && (
        <details>
          <summary>What it said</summary>
          <Facts of={withCurrency(details)} />
        </details>
      )}
    </li>
  );
}

// Amounts of an event are in the currency of its instructed amount.
function withCurrency(said: Record<string, unknown>): Record<string, unknown> {
  const instructed = said["instructed_amount"] as { currency?: string } | undefined;
  return said["currency"] || !instructed?.currency ? said : { ...said, currency: instructed.currency };
}

function sentence(text: string): string {
  const isId = /^\S*[:_]/.test(text); // an id stays as it is written
  const first = isId ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
