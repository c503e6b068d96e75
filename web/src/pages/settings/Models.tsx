import { Alert, Badge, Button, Code, Group, Select, Stack, Text } from '@mantine/core';
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { call, type Input, type Output } from '../../api.ts';
import { PageError } from '../../parts/PageError.tsx';
import { ListSkeleton } from '../../parts/PageSkeleton.tsx';
import { queryClient } from '../../queries.ts';
import { toastDone, toastError } from '../../toast.tsx';
import { Panel } from './Panel.tsx';
import classes from './Settings.module.css';

type CatalogueEntry = Output<'GET /v1/models'>['items'][number];
type Choices = Output<'GET /v1/models/current'>;

const catalogueQuery = queryOptions({
  queryKey: ['models', 'catalogue'],
  queryFn: () => call('GET /v1/models'),
});
const choicesQuery = queryOptions({
  queryKey: ['models', 'current'],
  queryFn: () => call('GET /v1/models/current'),
});

/** Stands for "no choice of one's own". */
const FOLLOW = '';

export function Models() {
  const catalogue = useQuery(catalogueQuery);
  const choices = useQuery(choicesQuery);
  const error = catalogue.error ?? choices.error;
  if (error) {
    return (
      <PageError
        title="The models could not be read"
        message={error.message}
        retry={() => void queryClient.invalidateQueries({ queryKey: ['models'] })}
      />
    );
  }
  if (!catalogue.data || !choices.data) return <ListSkeleton rows={5} />;
  const { items } = catalogue.data;
  return (
    <>
      <Purposes choices={choices.data} models={items.filter((entry) => entry.available)} />
      <Providers models={items} />
    </>
  );
}

function Purposes({ choices, models }: { choices: Choices; models: CatalogueEntry[] }) {
  const choose = useMutation({
    mutationFn: (input: Input<'PUT /v1/models/current'>) => call('PUT /v1/models/current', input),
    onSuccess: (answer) => queryClient.setQueryData(choicesQuery.queryKey, answer),
    onError: toastError,
  });
  const test = useMutation({
    mutationFn: () => call('POST /v1/models/test'),
    onSuccess: ({ provider, model, latency_ms, cost }) =>
      toastDone(
        `${provider}/${model} answered in ${latency_ms} ms${cost && Number(cost) > 0 ? ` for $${Number(cost)}` : ''}`,
      ),
    onError: toastError,
  });
  const options = models.map(({ id, provider_name, model }) => ({
    value: id,
    label: `${provider_name} · ${model}`,
  }));
  return (
    <Panel
      title="Which model does what"
      lead="Steward works without any: the built-in one follows rules and needs no network."
    >
      <Stack gap="lg">
        <Select
          label="Default"
          description="For everything that has no model of its own"
          searchable
          data={[{ value: FOLLOW, label: 'The best that is connected' }, ...options]}
          value={choices.default ?? FOLLOW}
          onChange={(value) => choose.mutate({ purpose: 'default', model: value || null })}
        />
        {choices.items.map(({ purpose, summary, provider, model, why, setting, problem }) => (
          <div key={purpose}>
            <Select
              label={<span style={{ textTransform: 'capitalize' }}>{purpose}</span>}
              description={summary.charAt(0).toUpperCase() + summary.slice(1)}
              searchable
              data={[{ value: FOLLOW, label: 'The default' }, ...options]}
              value={setting ?? FOLLOW}
              onChange={(value) => choose.mutate({ purpose, model: value || null })}
            />
            {problem ? (
              <Alert color="clay" mt={8} p="xs">
                {problem}
              </Alert>
            ) : (
              <Text size="xs" c="dimmed" mt={4}>
                Now {provider}/{model}: {why}
              </Text>
            )}
          </div>
        ))}
        <Button variant="light" w="fit-content" loading={test.isPending} onClick={() => test.mutate()}>
          Test the model
        </Button>
      </Stack>
    </Panel>
  );
}

function Providers({ models }: { models: CatalogueEntry[] }) {
  const providers = Map.groupBy(models, (entry) => entry.provider_name);
  return (
    <Panel
      title="Providers"
      lead="Keys come from the environment that Steward is started in; Ollama and LM Studio on this machine are found by themselves."
    >
      {[...providers].map(([name, entries]) => {
        const isConnected = entries.some((entry) => entry.available);
        const needs = entries.find((entry) => entry.needs !== null)?.needs;
        return (
          <div key={name} className={classes.row}>
            <div style={{ minWidth: 0 }}>
              <Text fw={550}>{name}</Text>
              <Text size="sm" c="dimmed" lineClamp={2}>
                {isConnected ? (
                  entries.map((entry) => entry.model).join(', ')
                ) : needs ? (
                  <>
                    Set <Code>{needs}</Code> and start again
                  </>
                ) : (
                  'Not found'
                )}
              </Text>
            </div>
            <Group gap="xs">
              <Badge
                variant="light"
                color={isConnected ? 'pine' : 'gray'}
                tt="none"
                fw={500}
                style={{ flex: 'none' }}
              >
                {isConnected ? 'Connected' : 'Not connected'}
              </Badge>
            </Group>
          </div>
        );
      })}
    </Panel>
  );
}
