import { ActionIcon, CopyButton, Group, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy, IconRefresh } from '@tabler/icons-react';
import type { UIMessage } from 'ai';
import { isToolUIPart } from 'ai';
import { memo } from 'react';
import classes from './Chat.module.css';
import { Markdown } from './Markdown.tsx';
import { ToolCard } from './ToolCard.tsx';

interface MessageProps {
  message: UIMessage;
  isStreaming: boolean;
  onRetry: (() => void) | undefined;
}

export const Message = memo(function Message({ message, isStreaming, onRetry }: MessageProps) {
  const text = message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
  if (message.role === 'user') {
    return (
      <article className={classes.mine} aria-label="You">
        {text}
      </article>
    );
  }
  return (
    <article className={classes.theirs} aria-label="Steward">
      {message.parts.map((part, index) => {
        const key = `${message.id}-${index}`;
        if (part.type === 'text') {
          return (
            <Markdown
              key={key}
              text={part.text}
              isStreaming={isStreaming && index === message.parts.length - 1}
            />
          );
        }
        if (part.type === 'reasoning' && part.text !== '') {
          return (
            <details key={key} className={classes.reasoning}>
              <summary>Thoughts</summary>
              <Markdown text={part.text} isStreaming={false} />
            </details>
          );
        }
        return isToolUIPart(part) ? <ToolCard key={part.toolCallId} part={part} /> : null;
      })}
      {!isStreaming && (
        <Group gap={2} className={classes.tools}>
          {text !== '' && (
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <Tooltip label={copied ? 'Copied' : 'Copy'}>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size="md"
                    aria-label={copied ? 'Copied' : 'Copy the answer'}
                    onClick={copy}
                  >
                    {copied ? <IconCheck size={16} /> : <IconCopy size={16} stroke={1.7} />}
                  </ActionIcon>
                </Tooltip>
              )}
            </CopyButton>
          )}
          {onRetry && (
            <Tooltip label="Answer anew">
              <ActionIcon variant="subtle" color="gray" size="md" aria-label="Answer anew" onClick={onRetry}>
                <IconRefresh size={16} stroke={1.7} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      )}
    </article>
  );
});
