// Charts: one theme object reads the tokens; SVG renderer; redrawn on theme change, resize and swap.
// Grammar (visual.md): mine = accent, comparison = grey, direct labels, horizontal hairlines only,
// first / extreme / last labelled, forecast dashed in its band, thresholds always drawn, bars from 0.
(() => {
  const drawn = new Map();
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function theme() {
    return {
      mine: token("accent"), grey: token("grey"), weak: token("accent-weak"), band: token("grey-3"),
      ink: token("ink"), label: token("ink-3"), line: token("line"), axis: token("line-2"),
      surface: token("surface"), warn: token("warn"),
      categories: [1, 2, 3, 4, 5, 6].map((n) => token(`cat-${n}`)),
      font: getComputedStyle(document.body).fontFamily,
    };
  }

  const format = (places) => (value) => {
    if (value === null || value === undefined) return "—";
    const text = Math.abs(value).toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
    return value < 0 ? `−${text}` : text;
  };

  // First, extreme and last: the three places a line is labelled at.
  function landmarks(values, last) {
    const known = values.map((value, place) => [value, place]).filter(([value, place]) => value !== null && place <= last);
    if (!known.length) return new Map();
    const max = known.reduce((best, each) => (each[0] > best[0] ? each : best));
    const min = known.reduce((best, each) => (each[0] < best[0] ? each : best));
    const ends = [known[0][1], known.at(-1)[1]];
    const marks = new Map(ends.map((place) => [place, ""]));
    if (!marks.has(max[1])) marks.set(max[1], "max");
    else if (!marks.has(min[1])) marks.set(min[1], "min");
    return marks;
  }

  // Under the line where the line leaves upwards, at a low, and where a forecast begins.
  function below(values, n, last) {
    if (n === last) return last < values.length - 1 || values[n] < values[n - 1];
    return n === 0 ? values[1] > values[0] : values[n] <= Math.min(values[n - 1], values[n + 1]);
  }

  function colour(series, place, t, only) {
    if (series.role === "mine" || only) return t.mine;
    if (series.role === "peer") return t.grey;
    return t.categories[place % 6];
  }

  function axes(data, t, extra) {
    const words = { color: t.label, fontSize: 12, fontFamily: t.font };
    return {
      xAxis: {
        type: "category", data: data.x, axisTick: { show: false }, boundaryGap: data.kind !== "line",
        axisLine: { lineStyle: { color: t.axis } }, axisLabel: { ...words, hideOverlap: true }, ...extra?.x,
      },
      yAxis: {
        type: "value", scale: data.kind === "line", splitNumber: 4, boundaryGap: data.kind === "line" ? ["12%", "8%"] : 0, axisLabel: { ...words, formatter: (value) => format(Number.isInteger(value) ? 0 : 1)(value) },
        splitLine: { lineStyle: { color: t.line } }, axisLine: { show: false }, ...extra?.y,
      },
    };
  }

  function thresholds(data, t) {
    const lines = (data.thresholds || []).map((each) => {
      const ink = each.tone === "warn" ? t.warn : t.label;
      const place = each.axis === "x" ? { xAxis: each.at } : { yAxis: each.at };
      const late = each.axis === "x" && each.at > data.x.length * 0.6;
      return {
        ...place, name: each.label,
        lineStyle: { color: ink, type: "dashed", width: 1 },
        label: {
          formatter: each.label, color: ink, fontSize: 12, fontFamily: t.font,
          position: each.axis === "x" ? "insideStart" : "insideEndTop", rotate: 0, offset: each.axis === "x" ? [late ? -5 : 5, -10] : [0, 0],
          align: each.axis === "x" ? (late ? "right" : "left") : undefined,
        },
      };
    });
    return lines.length ? { symbol: "none", silent: true, animation: false, data: lines } : undefined;
  }

  function lineSeries(data, t) {
    const show = format(data.places ?? 1);
    const only = data.series.length === 1;
    const result = [];
    if (data.band) {
      const gap = data.band.low.map((low, n) => (low === null ? null : data.band.high[n] - low));
      const base = { type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 } };
      const fill = data.forecast === undefined ? t.band : t.weak;
      result.push({ ...base, name: "", data: data.band.low });
      result.push({ ...base, name: data.band.name || "", data: gap, areaStyle: { color: fill, opacity: 1 } });
    }
    data.series.forEach((series, place) => {
      const ink = colour(series, place, t, only);
      const last = place === 0 && data.forecast !== undefined ? data.forecast - 1 : series.values.length - 1;
      const marks = landmarks(series.values, last);
      const solid = series.values.map((value, n) => (n <= last ? value : null));
      const values = series.values;
      const label = (value, n) => ({
        value, symbolSize: n === last ? 8 : n === 0 ? 0 : 7, symbol: "circle",
        itemStyle: { color: n === last ? ink : t.surface, borderColor: ink, borderWidth: 1.5 },
        label: {
          show: true, position: below(series.values, n, last) ? "bottom" : "top",
          color: n === last ? ink : t.label, fontWeight: n === last ? 600 : 400,
          offset: [n === 0 ? 14 : n === values.length - 1 ? -12 : n === last ? -10 : 0, 0],
          formatter: `${marks.get(n) ? `${data.words?.[marks.get(n)] || ""} ` : ""}${show(value)}`,
        },
      });
      const mainOne = only || series.role === "mine";
      result.push({
        type: "line", name: series.name, symbolSize: 0, symbol: "none", z: mainOne ? 3 : 2, showAllSymbol: true,
        lineStyle: { color: ink, width: mainOne ? 1.8 : 1.4 }, itemStyle: { color: ink },
        label: { fontSize: 12, fontFamily: t.font },
        data: solid.map((value, n) => (value !== null && mainOne && marks.has(n) ? label(value, n) : { value, symbol: "none" })),
        endLabel: only ? undefined : {
          show: true, formatter: series.name, color: ink, fontSize: 12, fontFamily: t.font, distance: 6,
        },
        markLine: place === 0 ? thresholds(data, t) : undefined,
      });
      if (place === 0 && data.forecast !== undefined) {
        result.push({
          type: "line", name: series.name, symbol: "none", z: 3, silent: true,
          lineStyle: { color: ink, width: 1.8, type: [3, 3] },
          data: series.values.map((value, n) => (n >= last ? value : null)),
        });
      }
    });
    return result;
  }

  function barSeries(data, t) {
    const show = format(data.places ?? 1);
    const stacked = data.kind === "stack";
    const only = data.series.length === 1;
    return data.series.map((series, place) => {
      const ink = colour(series, place, t, only);
      const marks = landmarks(series.values, series.values.length - 1);
      return {
        type: "bar", name: series.name, stack: stacked ? "all" : undefined, barMaxWidth: 28, barGap: "12%",
        itemStyle: { color: ink }, markLine: place === 0 ? thresholds(data, t) : undefined,
        label: { fontSize: 12, fontFamily: t.font },
        data: series.values.map((value, n) => ({
          value,
          label: {
            show: only ? series.values.length <= 8 || marks.has(n) : n === series.values.length - 1,
            position: stacked ? "right" : "top", color: stacked || !only ? ink : t.ink,
            formatter: only ? show(value) : series.name,
          },
        })),
      };
    });
  }

  function waterfallSeries(data, t) {
    const show = format(data.places ?? 1);
    const values = data.series[0].values;
    let level = 0;
    const steps = values.map((value, n) => {
      if (n === values.length - 1) return [0, value];
      const from = level;
      level += value;
      return [from, level];
    });
    // A custom bar from–to, so that steps below zero are drawn where they are.
    return [{
      type: "custom", name: data.series[0].name, encode: { x: 0, y: [1, 2] },
      data: steps.map(([from, to], n) => [n, from, to]),
      markLine: thresholds(data, t),
      renderItem(params, api) {
        const n = api.value(0);
        const [x, y1] = api.coord([n, Math.max(api.value(1), api.value(2))]);
        const y2 = api.coord([n, Math.min(api.value(1), api.value(2))])[1];
        const width = Math.min(api.size([1, 0])[0] * 0.62, 44);
        const total = n === values.length - 1;
        return {
          type: "group",
          children: [
            {
              type: "rect", shape: { x: x - width / 2, y: y1, width, height: Math.max(y2 - y1, 1) },
              style: { fill: total ? t.mine : t.grey },
            },
            {
              type: "text",
              style: {
                text: show(values[n]), x, y: y1 - 4, textAlign: "center", textVerticalAlign: "bottom",
                fill: total ? t.mine : t.label, fontSize: 12, fontFamily: t.font, fontWeight: total ? 600 : 400,
              },
            },
          ],
        };
      },
    }];
  }

  function option(data) {
    const t = theme();
    const makers = { line: lineSeries, bar: barSeries, stack: barSeries, waterfall: waterfallSeries };
    const series = makers[data.kind](data, t);
    const named = data.series.length > 1;
    return {
      animation: false, backgroundColor: "transparent", textStyle: { fontFamily: t.font, fontSize: 12 },
      grid: { left: 4, right: named ? 72 : 16, top: 22, bottom: 2, containLabel: true },
      ...axes(data, t), series,
      tooltip: {
        trigger: "axis", confine: true, renderMode: "richText", backgroundColor: token("toast-ground"),
        borderWidth: 0, textStyle: { color: token("toast-ink"), fontSize: 12, fontFamily: t.font }, padding: [4, 8],
        axisPointer: { lineStyle: { color: t.axis } },
        formatter(points) {
          const n = points[0].dataIndex;
          const rows = data.series.map((each) => `${each.name} ${format(data.places ?? 1)(each.values[n])} ${data.unit || ""}`);
          return [data.x[n], ...rows].join("\n");
        },
      },
    };
  }

  function draw(root) {
    root.querySelectorAll("[data-chart]").forEach((place) => {
      if (place.hidden || !place.offsetWidth) return;
      const known = drawn.get(place);
      const picture = known || window.echarts.init(place, null, { renderer: "svg" });
      drawn.set(place, picture);
      const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
      picture.setOption(option(data), true);
    });
  }

  function tidy() {
    drawn.forEach((picture, place) => {
      if (!place.isConnected) {
        picture.dispose();
        drawn.delete(place);
      }
    });
  }

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-chart-toggle]");
    if (!toggle) return;
    const figure = toggle.closest("section");
    const picture = figure.querySelector("[data-chart]");
    const table = figure.querySelector(".chart-table");
    picture.hidden = !picture.hidden;
    table.hidden = !picture.hidden;
    toggle.textContent = picture.hidden ? toggle.dataset.picture : toggle.dataset.table;
    toggle.setAttribute("aria-pressed", String(picture.hidden));
    if (!picture.hidden) draw(figure);
  });

  document.addEventListener("theme:changed", () => draw(document));
  document.addEventListener("htmx:afterSettle", (event) => { tidy(); draw(event.target); });
  window.addEventListener("resize", () => drawn.forEach((picture) => picture.resize()));
  window.addEventListener("beforeprint", () => drawn.forEach((picture) => picture.resize()));
  draw(document);
})();
