/**
 * For a suite whose tests need those before them: after a failure the rest is skipped. Mocha's own `bail` would end the
 * other files, too.
 */
export function inOrder(suite: Mocha.Suite): void {
  let failed = false;
  suite.beforeEach(function () {
    if (failed) this.skip();
  });
  suite.afterEach(function () {
    failed ||= this.currentTest?.state === "failed";
  });
}
