import { ActionIcon, Button, Drawer, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconEdit, IconHistory } from '@tabler/icons-react';
import { Link, Outlet, useParams } from '@tanstack/react-router';
import classes from './Chat.module.css';
import { ConversationList } from './ConversationList.tsx';

/** The conversations on one side, the one that is open on the other; on a phone the list is a drawer. */
export function ChatPage() {
  const { conversationId } = useParams({ strict: false });
  const [listOpened, list] = useDisclosure(false);
  return (
    <div className={classes.layout}>
      <aside className={classes.aside} aria-label="Conversations">
        <Button
          component={Link}
          to="/chat"
          variant="default"
          leftSection={<IconEdit size={17} />}
          fullWidth
          mb="sm"
        >
          New conversation
        </Button>
        <ConversationList current={conversationId} />
      </aside>
      <div className={classes.phoneBar}>
        <Button
          variant="subtle"
          color="gray"
          size="compact-md"
          leftSection={<IconHistory size={18} />}
          onClick={list.open}
        >
          Conversations
        </Button>
        <Group>
          <ActionIcon
            component={Link}
            to="/chat"
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="New conversation"
          >
            <IconEdit size={20} stroke={1.7} />
          </ActionIcon>
        </Group>
      </div>
      <Drawer
        opened={listOpened}
        onClose={list.close}
        size={320}
        title="Conversations"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <ConversationList current={conversationId} onChosen={list.close} />
      </Drawer>
      <Outlet />
    </div>
  );
}
