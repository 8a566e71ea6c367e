"""What a bench run says: medians, ratios and the tables."""
import statistics


def median(results, row, server, key):
    """Of all rounds that went well; None when there is none."""
    values = [r[key] for r in results if r["row"] == row and r["server"] == server and not r.get("failed")]
    return statistics.median(values) if values else None


def ratio(results, row, of, to):
    """How much better `of` is than `to` in this row: above 1 is better, also where less is better."""
    a, b = (median(results, row["name"], server, row["key"]) for server in (of, to))
    if not a or not b:
        return None
    return b / a if row["less_is_better"] else a / b


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}"


def factor(value):
    return "-" if value is None else f"{value:.2f}"


def table(lines):
    """Columns of text, the first to the left, the others to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    out = []
    for index, line in enumerate(lines):
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))]
        out.append("| " + " | ".join(cells) + " |")
        if index == 0:
            out.append("|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|")
    return "\n".join(out)


def figures(results, rows, servers):
    lines = [["", *(s.title for s in servers), "of Bun", "of ws", "wanted"]]
    for row in rows:
        lines.append([
            row["title"],
            *(number(median(results, row["name"], s.name, row["key"])) for s in servers),
            factor(ratio(results, row, "gatewayd", "bun")),
            factor(ratio(results, row, "gatewayd", "ws")),
            row["wanted"],
        ])
    return table(lines)


def behaviour(results, rows, servers):
    """Latency, and how busy the two cores were: a generator at 100 % means that the server waited for it."""
    lines = [["p50 / p99 ms, server % / generator %", *(s.title for s in servers)]]
    for row in rows:
        if row["less_is_better"]:
            continue
        cells = []
        for server in servers:
            p50, p99, busy, client, seconds = (
                median(results, row["name"], server.name, key)
                for key in ("p50_us", "p99_us", "server_cpu_s", "client_cpu_s", "seconds"))
            cells.append("-" if p50 is None else f"{p50 / 1e3:.2f} / {p99 / 1e3:.2f}, "
                         f"{100 * busy / seconds:.0f} / {100 * client / seconds:.0f}")
        lines.append([row["title"], *cells])
    return table(lines) if len(lines) > 1 else ""


def summary(results, rows, servers):
    """The same for the JSON file."""
    out = []
    for row in rows:
        values = {s.name: median(results, row["name"], s.name, row["key"]) for s in servers}
        out.append({
            "row": row["name"], "title": row["title"], "unit": row["key"], "median": values,
            "ratio_to_bun": ratio(results, row, "gatewayd", "bun"),
            "ratio_to_ws": ratio(results, row, "gatewayd", "ws"),
            "plugins_ratio_to_bun": ratio(results, row, "gatewayd-plugins", "bun"),
            "wanted": row["wanted"],
        })
    return out
