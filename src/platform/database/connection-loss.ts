/** SQLSTATEs and system errors of a connection that could not be made, or was lost: trying again may help. */
const LOST = /^(?:08\w{3}|57P0[123]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT)$/;

/** Whether an error says that the database could not be reached, and nothing about what it was asked. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (
    typeof code === 'string'
      ? LOST.test(code)
      : /connection (?:terminated|error)|timeout exceeded/i.test(error.message)
  )
    return true;
  return isConnectionLoss(error.cause);
}
