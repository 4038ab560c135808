export interface Route<Target> {
  readonly method: string;
  /** A path such as `/applications/{applicationId}/jobruns`. */
  readonly template: string;
  readonly target: Target;
}

interface Match<Target> {
  readonly target: Target;
  readonly labels: Readonly<Record<string, string>>;
}

type Router<Target> = (method: string, path: string) => Match<Target> | undefined;

const labelName = (segment: string): string | undefined => /^\{(\w+)\}$/.exec(segment)?.[1];

const matchLabels = (template: readonly string[], path: readonly string[]) => {
  if (template.length !== path.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [index, segment] of template.entries()) {
    const actual = path[index] ?? '';
    const label = labelName(segment);
    if (label === undefined) {
      if (segment !== actual) return undefined;
    } else {
      if (actual === '') return undefined;
      // Split before decoding: a label's own slash arrives as %2F (ARNs in /tags/{resourceArn}).
      labels[label] = decodeURIComponent(actual);
    }
  }
  return labels;
};

/** Finds routes by method and percent-encoded path. */
export const createRoutes = <Target>(routes: readonly Route<Target>[]): Router<Target> => {
  const split = routes.map((route) => ({ ...route, segments: route.template.split('/') }));
  return (method, path) => {
    const segments = path.replace(/(?<=.)\/$/, '').split('/');
    for (const route of split) {
      const labels = route.method === method ? matchLabels(route.segments, segments) : undefined;
      if (labels !== undefined) return { target: route.target, labels };
    }
    return undefined;
  };
};
