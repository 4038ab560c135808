import { LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Reading, Span } from '../activities/cloudwatch/readings.ts';
import type { Chart, Threshold } from '../model/dashboard.ts';

use([LineChart, GridComponent, MarkLineComponent, SVGRenderer]);

/** A chart with what was read of each of its series. */
export interface DrawnChart extends Chart {
  readonly readings: readonly (readonly Reading[])[];
}

const size = { width: 1_072, height: 240 };
/** Beside an axis, for its figures. */
const margin = 56;
const splitNumber = 4;
const fontFamily = 'system-ui, sans-serif';
const faint = { color: 'var(--faint)', fontSize: 12 };
/** Colours are the page's own, which has others in the dark. */
export const colorOf = (index: number): string => `var(--line-${index + 1})`;

/** A line needs two points: one that stands alone is drawn as a dot. */
const pointsOf = (readings: readonly Reading[]) =>
  readings.map(({ at, value }, index) => {
    const alone = [index - 1, index + 1].every((beside) => (readings[beside]?.value ?? null) === null);
    return { value: [at, value], symbol: value !== null && alone ? 'circle' : 'none' };
  });

const lineOf = ({ label: name, value, rings }: Threshold) => {
  const color = rings ? 'var(--alarm)' : 'var(--good)';
  return {
    yAxis: value,
    lineStyle: { color, width: 1.5, type: 'dashed' as const },
    label: {
      formatter: `${name} ${value}`,
      position: rings === 'above' ? ('insideStartTop' as const) : ('insideStartBottom' as const),
      ...{ color, fontSize: 12, fontWeight: 600, textBorderColor: 'var(--card)', textBorderWidth: 3 },
    },
  };
};

/** Room on the left axis for what is drawn there and for the lines across it, up to a round number. */
function topOf({ thresholds, series, readings }: DrawnChart): number {
  const values = readings
    .filter((_, index) => series[index]?.axis === 'left')
    .flat()
    .map(({ value }) => value ?? 0);
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  const top = Math.max(highest, ...thresholds.map(({ value }) => value)) * 1.1;
  const step = top > 10 ? 10 : 2;
  return Math.ceil(top / step) * step;
}

/** The chart as SVG. What is missing is a gap. */
export function drawChart(chart: DrawnChart, { start, end }: Span): string {
  const { axes, series, thresholds, readings } = chart;
  const sides = [axes.left, axes.right ?? []].flat();
  const drawing = init(null, null, { renderer: 'svg', ssr: true, ...size });
  drawing.setOption({
    useUTC: true,
    animation: false,
    textStyle: { fontFamily },
    grid: { top: 34, bottom: 32, left: margin, right: axes.right ? margin : 16 },
    xAxis: {
      type: 'time',
      min: start,
      max: end,
      axisLine: { lineStyle: { color: 'var(--rule)' } },
      axisTick: { show: false },
      axisLabel: {
        ...faint,
        fontFamily,
        margin: 12,
        hideOverlap: true,
        formatter: { day: '{d} {MMM}', hour: '{HH}:{mm}' },
      },
    },
    yAxis: sides.map(({ label: name, min = 0, max }, index) => ({
      type: 'value',
      name,
      min,
      ...(max === undefined ? { alignTicks: true, splitNumber } : { max, interval: (max - min) / splitNumber }),
      ...(max === undefined && index === 0 && thresholds.length > 0 && { max: topOf(chart) }),
      nameTextStyle: { ...faint, align: index === 0 ? 'left' : 'right', padding: [0, -margin] },
      axisLabel: { ...faint, fontFamily },
      splitLine: { show: index === 0, lineStyle: { color: 'var(--rule)' } },
    })),
    series: series.map(({ label: name, axis }, index) => ({
      type: 'line',
      name,
      yAxisIndex: axis === 'left' ? 0 : 1,
      data: pointsOf(readings[index] ?? []),
      symbolSize: 7,
      itemStyle: { color: colorOf(index) },
      lineStyle: { color: colorOf(index), width: 2 },
      ...(index === 0 && { markLine: { silent: true, symbol: 'none', data: thresholds.map(lineOf) } }),
    })),
  });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return svg;
}
