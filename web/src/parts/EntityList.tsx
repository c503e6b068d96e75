import { Button, Group, SegmentedControl, TextInput, Title } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { Fragment, type ReactNode, useRef, useState } from 'react';
import { create, finish, reopen } from '../actions.ts';
import type { Page } from '../api.ts';
import { isOver, type Kind } from '../entities.ts';
import { useKeys } from '../keyboard.ts';
import { toastError } from '../toast.tsx';
import type { Entity } from '../types.ts';
import { CheckButton } from './CheckButton.tsx';
import { EmptyState } from './EmptyState.tsx';
import classes from './EntityList.module.css';
import { openEditor } from './editor.ts';
import { PageError } from './PageError.tsx';
import { ListSkeleton } from './PageSkeleton.tsx';
import type { ListFilter } from './useListFilter.ts';
import { useRowKeys } from './useRowKeys.ts';

interface EntityListProps<T extends Entity> {
  kind: Kind;
  title: string;
  filter: ListFilter;
  query: UseInfiniteQueryResult<InfiniteData<Page<T>>>;
  /** More filters, beside the search. */
  filters?: ReactNode;
  /** Puts the rows under headings; without it they come as they are. */
  group?: (rows: T[]) => { heading: string; rows: T[] }[];
  /** What stands under a row's title, and at its end. */
  meta: (row: T) => ReactNode;
  actions?: (row: T) => ReactNode;
  placeholder: string;
  emptyTitle: string;
  emptyText: ReactNode;
}

/** The list of one kind: add, filter, walk with j and k, finish with x, edit with e. */
export function EntityList<T extends Entity>(props: EntityListProps<T>) {
  const { kind, title, filter, query, filters, meta, actions } = props;
  const list = useRef<HTMLDivElement>(null);
  const searchInput = useRef<HTMLInputElement>(null);
  const addInput = useRef<HTMLInputElement>(null);
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const wanted = filter.search.trim();
  const toggle = (row: T) => void (isOver(kind, row) ? reopen(kind.type, row) : finish(kind.type, row));

  useRowKeys(list, {
    onEdit: (id) => openEditor(kind.type, id),
    onFinish: (id) => {
      const row = rows.find((one) => one.id === id);
      if (row) toggle(row);
    },
  });
  useKeys({ n: () => addInput.current?.focus(), '/': () => searchInput.current?.focus() });

  const groups = props.group ? props.group(rows) : [{ heading: '', rows }];
  return (
    <div className="page">
      <Title order={1} mb="lg">
        {title}
      </Title>
      <AddRow kind={kind} inputRef={addInput} placeholder={props.placeholder} />
      <div className={classes.filters}>
        <div className={classes.statuses}>
          <SegmentedControl
            size="xs"
            radius="md"
            aria-label="Status"
            value={filter.status}
            onChange={filter.setStatus}
            data={[...kind.statuses, { value: 'all', label: 'All' }]}
          />
        </div>
        <Group gap="xs" wrap="nowrap" className={classes.narrow}>
          {filters}
          <TextInput
            ref={searchInput}
            size="xs"
            aria-label={`Filter ${title.toLowerCase()}`}
            placeholder="Filter"
            leftSection={<IconSearch size={14} aria-hidden="true" />}
            value={filter.search}
            onChange={(event) => filter.setSearch(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              filter.setSearch('');
              event.currentTarget.blur();
            }}
          />
        </Group>
      </div>
      <div ref={list}>
        {query.isPending && <ListSkeleton rows={7} />}
        {query.error && rows.length === 0 && (
          <PageError
            title="This list could not be read"
            message={query.error.message}
            retry={() => void query.refetch()}
          />
        )}
        {query.data && rows.length === 0 && (
          <EmptyState icon={kind.icon} title={wanted === '' ? props.emptyTitle : 'No match'}>
            {wanted === '' ? props.emptyText : `Nothing here has “${wanted}” in it.`}
          </EmptyState>
        )}
        {groups.map(({ heading, rows: members }) =>
          members.length === 0 ? null : (
            <Fragment key={heading}>
              {heading !== '' && (
                <Title order={2} className={classes.heading}>
                  {heading}
                  <span className={classes.count}>{members.length}</span>
                </Title>
              )}
              <ul className={`plain-list ${classes.rows}`}>
                {members.map((row) => (
                  <li
                    key={row.id}
                    className={classes.row}
                    data-row={row.id}
                    data-over={isOver(kind, row) || undefined}
                  >
                    <CheckButton
                      checked={isOver(kind, row)}
                      color={kind.color}
                      label={isOver(kind, row) ? `Open again: ${row.title}` : `${kind.finish}: ${row.title}`}
                      onClick={() => toggle(row)}
                    />
                    <div className={classes.body}>
                      <button
                        type="button"
                        className={`link-button ${classes.title}`}
                        data-row-main
                        onClick={() => openEditor(kind.type, row.id)}
                      >
                        {row.title}
                      </button>
                      <div className={classes.meta}>{meta(row)}</div>
                    </div>
                    {actions?.(row)}
                  </li>
                ))}
              </ul>
            </Fragment>
          ),
        )}
      </div>
      {query.hasNextPage && (
        <Group justify="center" mt="lg">
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show more
          </Button>
        </Group>
      )}
    </div>
  );
}

interface AddRowProps {
  kind: Kind;
  inputRef: React.RefObject<HTMLInputElement | null>;
  placeholder: string;
}

function AddRow({ kind, inputRef, placeholder }: AddRowProps) {
  const [title, setTitle] = useState('');
  const [busy, setBusy] = useState(false);
  const add = async () => {
    if (title.trim() === '' || busy) return;
    setBusy(true);
    try {
      await create(kind.type, title.trim());
      setTitle('');
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
  };
  return (
    <form
      className={`card ${classes.add}`}
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <IconPlus size={18} aria-hidden="true" />
      <input
        ref={inputRef}
        aria-label={`Add a ${kind.one}`}
        placeholder={placeholder}
        value={title}
        maxLength={500}
        onChange={(event) => setTitle(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <Button type="submit" size="compact-md" variant="light" disabled={title.trim() === ''} loading={busy}>
        Add
      </Button>
    </form>
  );
}
