import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  type MantineColorsTuple,
  Menu,
  Modal,
  NavLink,
  Paper,
  Select,
  Tooltip,
} from '@mantine/core';

/** The house colour: a quiet pine. Shade 7 carries white text at 5.9:1. */
const pine: MantineColorsTuple = [
  '#eef7f3',
  '#dcece5',
  '#b7d9cb',
  '#8fc5af',
  '#6bb296',
  '#4f9f82',
  '#3b8a6e',
  '#2f7059',
  '#265b49',
  '#1b4336',
];

/** Goals. */
const iris: MantineColorsTuple = [
  '#f1f1fb',
  '#e1e2f4',
  '#c3c5e8',
  '#a5a8dc',
  '#888cd0',
  '#7075c3',
  '#5d62b3',
  '#4d5199',
  '#3e427c',
  '#2f325e',
];

/** Problems, and whatever is late. */
const clay: MantineColorsTuple = [
  '#fcf2ec',
  '#f8e2d6',
  '#f0c5ae',
  '#e8a686',
  '#df8963',
  '#d17048',
  '#bb5a33',
  '#9c4a2a',
  '#7d3c23',
  '#5e2e1c',
];

/** Neutrals with a little warmth; shade 6 is the dimmed text, 4.8:1 on the page. */
const gray: MantineColorsTuple = [
  '#faf9f7',
  '#f4f2ee',
  '#eae7e1',
  '#dcd8d0',
  '#c3beb4',
  '#9d978c',
  '#6f6a62',
  '#57534c',
  '#3b3833',
  '#24221f',
];

const dark: MantineColorsTuple = [
  '#e7e5e0',
  '#c4c0b8',
  '#a8a49b',
  '#716d66',
  '#45423d',
  '#373531',
  '#2a2826',
  '#1d1c1a',
  '#171615',
  '#11100f',
];

export const theme = createTheme({
  colors: { pine, iris, clay, gray, dark },
  primaryColor: 'pine',
  primaryShade: { light: 7, dark: 7 },
  black: '#24221f',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '1.625rem', lineHeight: '1.25' },
      h2: { fontSize: '1.125rem', lineHeight: '1.4' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.45' },
    },
  },
  radius: { xs: '4px', sm: '6px', md: '10px', lg: '14px', xl: '20px' },
  components: {
    Button: Button.extend({ defaultProps: { fw: 550 } }),
    Paper: Paper.extend({ defaultProps: { radius: 'lg' } }),
    Select: Select.extend({ defaultProps: { allowDeselect: false, checkIconPosition: 'right' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: true, fz: 'xs' } }),
    NavLink: NavLink.extend({ defaultProps: { variant: 'light' } }),
    // Its placeholder is no menu item, which a menu may not hold; without it the first item takes the focus.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Drawer: Drawer.extend({ defaultProps: { overlayProps: { backgroundOpacity: 0.35, blur: 1 } } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35, blur: 1 } },
    }),
  },
});

/** Colours as tints, on badges and quiet buttons: calmer than the library's own, and legible on a dark page. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const light: Record<string, string> = { '--mantine-color-placeholder': 'var(--mantine-color-gray-6)' };
  const dark: Record<string, string> = { '--mantine-color-placeholder': 'var(--mantine-color-dark-2)' };
  for (const name of ['pine', 'iris', 'clay', 'gray', 'red']) {
    const own = `--mantine-color-${name}`;
    light[`${own}-light-color`] = `var(${own}-${name === 'gray' ? 7 : 8})`;
    dark[`${own}-light`] = `color-mix(in srgb, var(${own}-5) 20%, transparent)`;
    dark[`${own}-light-hover`] = `color-mix(in srgb, var(${own}-5) 30%, transparent)`;
    dark[`${own}-light-color`] = `var(${own}-2)`;
  }
  return { variables: {}, light, dark };
};
