import { IconCheck } from '@tabler/icons-react';
import classes from './CheckButton.module.css';

interface CheckButtonProps {
  checked: boolean;
  label: string;
  color: string;
  onClick: () => void;
}

/** The circle at the head of a row: one click and it is done. */
export function CheckButton({ checked, label, color, onClick }: CheckButtonProps) {
  return (
    <button
      type="button"
      className={classes.check}
      data-checked={checked || undefined}
      data-color={color}
      aria-label={label}
      aria-pressed={checked}
      onClick={onClick}
    >
      <span className={classes.circle}>
        <IconCheck size={14} stroke={2.6} aria-hidden="true" />
      </span>
    </button>
  );
}
