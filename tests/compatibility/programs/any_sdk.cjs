// A user's program for Node: log a trace, trace decorated functions, evaluate, read back. Prints what it saw as JSON.
//
// `node any_sdk.cjs URL FOLDER`, where the package `humanloop` can be found.

const { HumanloopClient } = require("humanloop");

const [url, folder] = process.argv.slice(2);
const client = new HumanloopClient({ apiKey: "any key", environment: `${url}/v5`, baseUrl: `${url}/v5` });
const datapoints = [
    { inputs: { word: "a" }, target: { output: "A" } },
    { inputs: { word: "b" }, target: { output: "C" } },
];

// The logging quickstart: a flow without a status, a step in it, and the flow is closed at the end.
async function logTrace() {
    const inputs = { question: "Why?" };
    const flow = await client.flows.log({ path: `${folder}/quickstart`, flow: { attributes: {} }, inputs });
    const prompt = { model: "gpt-4o", template: [{ role: "user", content: "{{question}}" }] };
    const step = { path: `${folder}/step`, prompt, inputs, output: "Because.", traceParentId: flow.id };
    await client.prompts.log(step);
    const status = { traceStatus: "complete", logStatus: "complete" };
    const closed = await client.flows.updateLog(flow.id, { output: "Because.", ...status });
    return [closed.output, closed.logStatus || closed.traceStatus];
}

// A flow with a tool in it, both traced.
async function traceFunctions() {
    const parameters = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
    const tool = client.tool({
        path: `${folder}/tool`,
        callable: async ({ a }) => String(a * 2),
        version: { function: { name: "double", description: "Double a number.", parameters } },
    });
    const flow = client.flow({
        path: `${folder}/traced`,
        callable: async ({ a }) => `doubled: ${await tool({ a })}`,
        attributes: { v: 1 },
    });
    const output = await flow({ a: 2 });
    const logs = [];
    const file = await client.files.retrieveByPath({ path: `${folder}/traced` });
    for (let tries = 0; tries < 100 && logs.length === 0; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        for await (const log of await client.logs.list({ fileId: file.id, includeTraceChildren: true })) {
            if (log.output && log.traceChildren.length > 0) logs.push(log);
        }
    }
    return [output, logs.length && logs[0].output, logs.length && logs[0].traceChildren.map((child) => child.output)];
}

// The scores of local evaluators in a new run of the evaluation with this name.
async function evaluate(file) {
    const isTarget = async ({ log, datapoint }) => log.output === datapoint.target.output;
    const checks = await client.evaluations.run({
        file,
        name: "first",
        dataset: { path: `${folder}/dataset`, datapoints },
        evaluators: [
            {
                path: `${folder}/is target`,
                callable: isTarget,
                returnType: "boolean",
                argsType: "target_required",
                threshold: 0.4,
            },
            {
                path: `${folder}/length`,
                callable: async ({ log }) => log.output.length,
                returnType: "number",
                argsType: "target_free",
            },
        ],
    });
    return checks.filter((check) => check.threshold !== undefined).map((check) => check.thresholdCheck);
}

async function main() {
    process.stdout.moveCursor = () => true; // exists on a terminal only
    const shout = async ({ word }) => word.toUpperCase();
    const flow = { path: `${folder}/flow`, type: "flow", version: { v: 1 }, callable: shout };
    const seen = {
        trace: await logTrace(),
        functions: await traceFunctions(),
        checks: [await evaluate({ ...flow }), await evaluate({ ...flow })],
    };
    const decorated = client.flow({ path: `${folder}/decorated`, callable: shout, attributes: { v: 1 } });
    seen.decorated = await evaluate({ path: `${folder}/decorated`, type: "flow", callable: decorated });
    const file = await client.files.retrieveByPath({ path: `${folder}/flow` });
    seen.type = file.type;
    process.stdout.write(`\n${JSON.stringify(seen)}\n`);
}

main().then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
