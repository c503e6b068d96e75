import { PasskeySettings } from './PasskeySettings.tsx';
import { TwoFactorSettings } from './TwoFactorSettings.tsx';

export function Security() {
  return (
    <>
      <TwoFactorSettings />
      <PasskeySettings />
    </>
  );
}
