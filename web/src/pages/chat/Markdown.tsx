import { type Components, Streamdown } from 'streamdown';
import classes from './Markdown.module.css';

/**
 * Plain elements, styled by our sheet instead of utility classes. An image would be a request to wherever the text
 * says; it is shown as a link, so that nothing leaves the page unasked.
 */
const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === 'string' ? src : undefined} target="_blank" rel="noreferrer noopener">
      {alt || 'image'}
    </a>
  ),
  // Scrollable, so it must be reachable by keyboard.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  code: ({ children, className }) => <code className={className}>{children}</code>,
  table: ({ children }) => (
    <div className={classes.table}>
      <table>{children}</table>
    </div>
  ),
};

/** Text in Markdown, also while it is still being written. */
export function Markdown({ text, isStreaming }: { text: string; isStreaming: boolean }) {
  return (
    <div className={classes.markdown} data-streaming={isStreaming || undefined}>
      <Streamdown components={COMPONENTS} controls={false} isAnimating={isStreaming}>
        {text}
      </Streamdown>
    </div>
  );
}
