import { expect } from 'vitest';
import { DeliveryFailed } from '../../src/domain/errors.ts';

/** What a delivery failed with. That it succeeds, or fails otherwise, fails the test. */
export async function failed(delivery: Promise<unknown>): Promise<DeliveryFailed> {
  const error = await delivery.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DeliveryFailed);
  return error as DeliveryFailed; // the line above makes sure
}
