/** The cells of the matrix (fault-matrix.test.ts) of what is done to agents. */
import { describeCells } from "./fault-matrix-cells.ts";

describeCells("a server and an agent");
