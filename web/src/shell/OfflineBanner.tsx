import { useNetwork } from '@mantine/hooks';
import { IconCloudOff } from '@tabler/icons-react';
import classes from './Shell.module.css';

export function OfflineBanner() {
  const { online } = useNetwork();
  return (
    <div role="status">
      {!online && (
        <div className={classes.offline}>
          <IconCloudOff size={17} aria-hidden="true" />
          You are offline. What you see may be old, and nothing can be changed.
        </div>
      )}
    </div>
  );
}
