/** Light or dark: as the system has it, or as a person chose; remembered where the browser lets us. */

export type Choice = "system" | "light" | "dark";
const NAME = "firth-theme";

class Appearance {
  choice = $state<Choice>("system");
  private readonly query = matchMedia("(prefers-color-scheme: dark)");
  private isSystemDark = $state(this.query.matches);
  readonly isDark = $derived(this.choice === "dark" || (this.choice === "system" && this.isSystemDark));

  constructor() {
    this.query.addEventListener("change", ({ matches }) => {
      this.isSystemDark = matches;
    });
    this.choose(read());
  }

  choose(choice: Choice): void {
    this.choice = choice;
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    try {
      localStorage.setItem(NAME, choice);
    } catch {
      // A page from disk may not remember; the choice holds while it is open.
    }
  }
}

export function asChoice(text: string | null): Choice {
  return text === "light" || text === "dark" ? text : "system";
}

function read(): Choice {
  try {
    return asChoice(localStorage.getItem(NAME));
  } catch {
    return "system";
  }
}

export const appearance = new Appearance();
