// A report in which strings of attack stand wherever data can: stages, channels, campaigns,
// variants, ids, and the title.
import { join } from "node:path";
import { folder, touchpath, write } from "./open.mjs";

const attacks = [
  'a"b', "a\\", 'a\\"b', 'x"]; evil [label="pwn', 'x", URL="javascript:alert(1)', '"];}digraph x{a[label="',
  "line1\nline2", "\u0007", "\u001b[31mred", "<b>bold</b>", "<script>alert(1)</script>",
  "</script><script>alert(1)</script>", "</title><script>alert(1)</script>",
  "</text></svg><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
  '" onmouseover="alert(1)', "' autofocus onfocus='alert(1)", "javascript:alert(1)",
  "data:text/html,<script>1</script>", "&", "&lt;script&gt;", "&#60;b&#62;", "&unknown;", "]]>", "<!--", "-->",
  '<!ENTITY x SYSTEM "file:///etc/passwd">', "{rec|ord}", "<port> text", "*/ // #", "node", "start", "Purchase",
  "Drop-off", "START", "=1+1", '=HYPERLINK("http://x","y")', "'; DROP TABLE x;--", "${7*7}", "{{7*7}}", "{% raw %}",
  "`x`", "a|b", "%0a%0d", "%%{init:{}}%%", 'click n0 "javascript:1"', "\u202eevil\u202c", "\u200b", "\u2028\u2029",
  "e\u0301", "👨‍👩‍👧‍👦", "漢字", "العربية", "constructor", "__proto__", "toString", "hasOwnProperty", "(other)",
  "exit", "converted", "x".repeat(300),
];

// Every attack is a stage, a channel, a campaign and a variant of some journey.
export function attacked() {
  const lines = [];
  const start = Date.UTC(2026, 0, 5);
  for (let customer = 0; customer < attacks.length * 3; customer += 1) {
    for (let step = 0; step < 4; step += 1) {
      const at = (customer * 7 + step * (1 + customer % 5)) % attacks.length;
      const buys = step === 3 && customer % 3 === 0;
      lines.push(JSON.stringify({
        time: new Date(start + customer * 3_600_000 + step * 90_000).toISOString(),
        id: `${attacks[customer % attacks.length]}${customer}`,
        event: buys ? "Purchase" : attacks[at],
        channel: attacks[(at + step) % attacks.length],
        campaign: attacks[(at + 1) % attacks.length],
        variant: customer % 2 ? "<script>alert(2)</script>" : "__proto__",
        value: buys ? "12.50" : undefined,
      }));
    }
  }
  write("attacks.jsonl", `${lines.join("\n")}\n`);
  const quoted = JSON.stringify("</title><script>alert(3)</script>{{ title }}");
  const journey = write("attacks.toml", `name = ${quoted}
currency = "EUR"
[[source]]
path = "attacks.jsonl"
time = "time"
event = "event"
ids = { user = "id" }
channel = "channel"
campaign = "campaign"
variant = "variant"
value = "value"
[journey]
conversion = "Purchase"
gap = "10d"
[experiment]
control = "__proto__"
`);
  touchpath("report", journey, "-o", "attacked", "--quiet");
  return join(folder, "attacked/index.html");
}
