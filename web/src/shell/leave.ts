import { signOut } from '../auth.ts';
import { toastError } from '../toast.tsx';

/** Signs out. The page is loaded afresh, so that nothing of this person stays in its memory. */
export async function leave(): Promise<void> {
  try {
    await signOut();
    window.location.assign('/sign-in');
  } catch (error) {
    toastError(error);
  }
}
