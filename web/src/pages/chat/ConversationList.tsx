import { ActionIcon, Button, Group, Menu, Modal, Text, TextInput } from '@mantine/core';
import { IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api.ts';
import { ago } from '../../dates.ts';
import { ListSkeleton } from '../../parts/PageSkeleton.tsx';
import { conversationsQuery, queryClient } from '../../queries.ts';
import { toastDone, toastError } from '../../toast.tsx';
import type { Conversation } from '../../types.ts';
import classes from './Chat.module.css';

interface ConversationListProps {
  current: string | undefined;
  onChosen?: () => void;
}

export function ConversationList({ current, onChosen }: ConversationListProps) {
  const { data, isPending, error } = useQuery(conversationsQuery);
  const [renaming, setRenaming] = useState<Conversation>();
  const [deleting, setDeleting] = useState<Conversation>();
  if (isPending) return <ListSkeleton rows={5} />;
  if (error) {
    return (
      <Text size="sm" c="dimmed" role="alert">
        {error.message}
      </Text>
    );
  }
  return (
    <>
      {data.length === 0 && (
        <Text size="sm" c="dimmed" px={8}>
          Conversations you have are kept here.
        </Text>
      )}
      <ul className="plain-list">
        {data.map((conversation) => (
          <li
            key={conversation.id}
            className={classes.conversation}
            data-current={conversation.id === current || undefined}
          >
            <Link
              to="/chat/$conversationId"
              params={{ conversationId: conversation.id }}
              className={classes.conversationLink}
              {...(onChosen ? { onClick: onChosen } : {})}
            >
              <span className={classes.conversationTitle}>{titleOf(conversation)}</span>
              <span className={classes.conversationTime}>{ago(conversation.updated_at)}</span>
            </Link>
            <Menu position="bottom-end" width={160}>
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" aria-label={`More about ${titleOf(conversation)}`}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setRenaming(conversation)}>
                  Rename
                </Menu.Item>
                <Menu.Item
                  color="red"
                  leftSection={<IconTrash size={15} />}
                  onClick={() => setDeleting(conversation)}
                >
                  Delete
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </li>
        ))}
      </ul>
      {renaming && <Rename conversation={renaming} onClose={() => setRenaming(undefined)} />}
      {deleting && (
        <Delete
          conversation={deleting}
          isCurrent={deleting.id === current}
          onClose={() => setDeleting(undefined)}
        />
      )}
    </>
  );
}

function Rename({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const [title, setTitle] = useState(conversation.title ?? '');
  const save = async () => {
    try {
      await call('PATCH /v1/conversations/{id}', { id: conversation.id, title: title.trim() });
      onClose();
    } catch (error) {
      toastError(error);
    }
    void queryClient.invalidateQueries({ queryKey: ['conversations'] });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Rename the conversation"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (title.trim() !== '') void save();
        }}
      >
        <TextInput
          label="Title"
          data-autofocus
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Group mt="md">
          <Button type="submit" disabled={title.trim() === ''}>
            Save
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

interface DeleteProps {
  conversation: Conversation;
  isCurrent: boolean;
  onClose: () => void;
}

function Delete({ conversation, isCurrent, onClose }: DeleteProps) {
  const navigate = useNavigate();
  const remove = async () => {
    try {
      await call('DELETE /v1/conversations/{id}', { id: conversation.id });
      toastDone('The conversation is deleted');
      if (isCurrent) await navigate({ to: '/chat' });
    } catch (error) {
      toastError(error);
    }
    onClose();
    void queryClient.invalidateQueries({ queryKey: ['conversations'] });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Delete this conversation?"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Text size="sm">
        “{titleOf(conversation)}” and everything said in it will be gone. Tasks, goals and problems that came
        of it stay.
      </Text>
      <Group mt="md">
        <Button color="red" onClick={() => void remove()}>
          Delete
        </Button>
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep it
        </Button>
      </Group>
    </Modal>
  );
}

function titleOf({ title }: Conversation): string {
  return title || 'New conversation';
}
