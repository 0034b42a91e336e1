/** `node player/pipeline/write-self-test.ts models/crescendo-1`: writes the model's `self-test.json`. Run it whenever weights change. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createExecutor } from "../../codec/model/create-executor.ts";
import { modelFolder } from "../../codec/model/load-node.ts";
import { loadModel } from "../../codec/model/model-file.ts";
import { runSelfTest, SELF_TEST_FILE, type SelfTestAnswers } from "./self-test.ts";

const folder = process.argv[2];
if (folder === undefined) {
	process.stderr.write("usage: write-self-test.ts MODEL_FOLDER\n");
	process.exit(2);
}
const { executor } = await createExecutor();
const model = await loadModel(modelFolder(folder));
const answers: SelfTestAnswers = { modelId: model.id, hashes: await runSelfTest(model, executor) };
await executor.dispose();
await writeFile(join(folder, SELF_TEST_FILE), `${JSON.stringify(answers, null, "\t")}\n`);
process.stderr.write(`${SELF_TEST_FILE}: ${answers.hashes.length} pictures of model ${answers.modelId}\n`);
