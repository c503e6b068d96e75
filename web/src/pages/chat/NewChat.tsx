import { Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api.ts';
import { queryClient } from '../../queries.ts';
import { toastError } from '../../toast.tsx';
import classes from './Chat.module.css';
import { Composer } from './Composer.tsx';
import { leaveFirstMessage } from './first-message.ts';

const STARTERS = [
  'What should I do today?',
  'What is open?',
  'Buy milk tomorrow at 5pm, p1 #home',
  'What is blocking the bathroom?',
];

/** A conversation that has not begun. It is created with its first message, so an empty one is never kept. */
export function NewChat() {
  const navigate = useNavigate();
  const [draft, setDraft] = useState('');
  const [busy, setBusy] = useState(false);
  const begin = async (text: string) => {
    setBusy(true);
    try {
      const conversation = await call('POST /v1/conversations');
      leaveFirstMessage(conversation.id, text);
      void queryClient.invalidateQueries({ queryKey: ['conversations'] });
      await navigate({ to: '/chat/$conversationId', params: { conversationId: conversation.id } });
    } catch (error) {
      toastError(error);
      setBusy(false);
    }
  };
  return (
    <div className={classes.thread}>
      <div className={classes.welcome}>
        <Title order={1}>How can I help?</Title>
        <ul className={`plain-list ${classes.starters}`}>
          {STARTERS.map((text) => (
            <li key={text}>
              <button
                type="button"
                className={`link-button ${classes.starter}`}
                onClick={() => void begin(text)}
              >
                {text}
              </button>
            </li>
          ))}
        </ul>
      </div>
      <Composer value={draft} onChange={setDraft} onSend={(text) => void begin(text)} busy={busy} />
    </div>
  );
}
