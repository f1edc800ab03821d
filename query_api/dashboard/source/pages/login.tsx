import { useEffect } from "preact/hooks";
import { Mark } from "../parts/shell";
import { ROOT } from "../router";

const LOGIN = "/auth/login";

export function LoginPage({ hasEnded }: { hasEnded: boolean }) {
  useEffect(() => {
    document.title = "Sign in · Bursar";
  }, []);
  const here = location.pathname + location.search;
  const next = here.startsWith(`${ROOT}/`) ? here : `${ROOT}/`;
  return (
    <main class="login" id="content">
      <div class="login-card">
        <Mark />
        <h1>Bursar</h1>
        <p class="lead">
          {hasEnded
            ? "Your session has ended. Sign in again to go on where you were."
            : "Payments, the book behind them, and proof that both agree."}
        </p>
        <a class="button is-primary" href={`${LOGIN}?return_to=${encodeURIComponent(next)}`}>
          Sign in
        </a>
        <p class="quiet">
          You sign in with your organisation's identity provider. Your role decides which pages you see.
        </p>
      </div>
    </main>
  );
}
