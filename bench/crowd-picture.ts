/** The cost of a crowd as a picture: SVG by hand, both axes logarithmic, for light pages or dark ones. */
import { totalOf, typicalMs, type CrowdFigures } from './crowd-figures.ts';
import { scale, type Scale } from './scale.ts';

interface Point {
  readonly size: number;
  readonly value: number;
}

interface Line {
  readonly of: 'ours' | 'theirs';
  readonly label: string;
  readonly points: readonly Point[];
  /** Goes on from the last point, by calculation. */
  readonly extrapolated?: readonly Point[];
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Of the value axis, at least. */
  readonly range: readonly [number, number];
}

const width = 860;
const height = 360;
const plot = { width: 330, height: 230, top: 64 };
const lefts = [64, 494];

export type Theme = 'light' | 'dark';

interface Colours {
  readonly text: string;
  readonly title: string;
  readonly grid: string;
  readonly axis: string;
  readonly ours: string;
  readonly theirs: string;
}

const colours: Readonly<Record<Theme, Colours>> = {
  light: {
    text: '#57606a',
    title: '#24292f',
    grid: '#d0d7de',
    axis: '#6e7781',
    ours: '#0969da',
    theirs: '#bc4c00',
  },
  dark: {
    text: '#9198a1',
    title: '#f0f6fc',
    grid: '#30363d',
    axis: '#8b949e',
    ours: '#58a6ff',
    theirs: '#f0883e',
  },
};

const style = ({ text, title, grid, axis, ours, theirs }: Colours) => `
text { font: 13px system-ui, sans-serif; fill: ${text} }
.title { font-size: 15px; font-weight: 600; fill: ${title} }
.grid { stroke: ${grid}; stroke-width: 1 }
.axis { stroke: ${axis}; stroke-width: 1 }
.ours { stroke: ${ours}; fill: ${ours} }
.theirs { stroke: ${theirs}; fill: ${theirs} }
path.ours, path.theirs { fill: none; stroke-width: 2.5 }
text.ours, text.theirs { stroke: none; font-weight: 600 }
.extrapolated { stroke-dasharray: 3 5 }`;

/** Where the picture for dark pages is, beside the one for light pages. */
export function darkFile(svg: string): string {
  return svg.replace(/(\.svg)?$/, '-dark.svg');
}

export function crowdPicture(all: readonly CrowdFigures[], theme: Theme): string {
  const of = (who: Line['of']) => all.filter((each) => each.who === who);
  const points = (who: Line['of'], value: (figures: CrowdFigures) => number): Point[] =>
    of(who).map((figures) => ({ size: figures.size, value: value(figures) }));
  const requests = ({ requests: each }: CrowdFigures) => totalOf(each);
  const sizes = [...new Set(all.map(({ size }) => size).filter((size) => size > 0))];
  const theirs = points('theirs', requests);
  const panels: Panel[] = [
    {
      title: 'requests a minute while nothing happens (log scale)',
      range: [10, 100],
      lines: [
        { of: 'ours', label: 'k8s-leader', points: points('ours', requests) },
        {
          of: 'theirs',
          label: 'client-go (dashed: extrapolated)',
          points: theirs,
          extrapolated: extrapolate(theirs, sizes),
        },
      ],
    },
    {
      title: 'hand-over, ms, median (log scale)',
      range: [1, 100],
      lines: [
        { of: 'ours', label: 'k8s-leader', points: points('ours', typicalMs) },
        { of: 'theirs', label: 'client-go', points: points('theirs', typicalMs) },
      ],
    },
  ];
  const alt =
    'Requests a minute and time of a hand-over, by the number of candidates; both axes have a log scale';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${alt}">
<style>${style(colours[theme])}
</style>
${panels.map((panel, index) => drawn(panel, sizes, lefts[index]!)).join('\n')}
</svg>
`;
}

/** Every further standby asks as often as those that were measured last. */
function extrapolate(measured: readonly Point[], sizes: readonly number[]): Point[] {
  const [last, before] = [measured.at(-1), measured.at(-2)];
  if (!last || !before) return [];
  const perStandby = (last.value - before.value) / (last.size - before.size);
  const beyond = sizes.filter((size) => size > last.size);
  return beyond.map((size) => ({ size, value: last.value + perStandby * (size - last.size) }));
}

function drawn({ title, lines, range }: Panel, sizes: readonly number[], left: number): string {
  const values = lines.flatMap(({ points, extrapolated = [] }) => [...points, ...extrapolated]);
  const bottom = plot.top + plot.height;
  const x = scale(sizes, [left, left + plot.width]);
  const y = scale([...range, ...values.map(({ value }) => value)], [bottom, plot.top]);
  return [
    `<text class="title" x="${left}" y="24">${title}</text>`,
    ...y.decades.map(
      (value) =>
        `<path class="grid" d="M${left} ${y.at(value)}h${plot.width}"/>` +
        `<text x="${left - 8}" y="${y.at(value) + 4}" text-anchor="end">${named(value)}</text>`,
    ),
    `<path class="axis" d="M${left} ${bottom}h${plot.width}"/>`,
    ...sizes.map(
      (size) =>
        `<path class="axis" d="M${x.at(size)} ${bottom}v5"/>` +
        `<text x="${x.at(size)}" y="${bottom + 20}" text-anchor="middle">${named(size)}</text>`,
    ),
    `<text x="${left + plot.width / 2}" y="${bottom + 42}" text-anchor="middle">candidates for one Lease</text>`,
    ...lines.map((line) => drawnLine(line, x, y)),
    ...lines.map(
      (line, index) =>
        `<text class="${line.of}" x="${left + index * 100}" y="46">${line.label}</text>`,
    ),
  ].join('\n');
}

function drawnLine({ of, points, extrapolated = [] }: Line, x: Scale, y: Scale): string {
  const place = ({ size, value }: Point) => `${x.at(size)} ${y.at(value)}`;
  const path = (all: readonly Point[]) => `M${all.map(place).join('L')}`;
  const dots = points.map(
    ({ size, value }) => `<circle class="${of}" cx="${x.at(size)}" cy="${y.at(value)}" r="4"/>`,
  );
  const further = [...points.slice(-1), ...extrapolated];
  return [
    ...(points.length > 1 ? [`<path class="${of}" d="${path(points)}"/>`] : []),
    ...(further.length > 1 ? [`<path class="${of} extrapolated" d="${path(further)}"/>`] : []),
    ...dots,
  ].join('\n');
}

function named(value: number): string {
  return value.toLocaleString('en');
}
