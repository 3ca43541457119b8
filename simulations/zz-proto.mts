const R="/work/main/";
const { openMnist } = await import(R+"simulations/mnist.ts");
const { dirichlet } = await import(R+"simulations/partitions/dirichlet.ts");
const { seededRandom } = await import(R+"core/random/seeded.ts");
const { sha256Bytes } = await import(R+"core/crypto/sha256.ts");
const { byteDataset } = await import(R+"core/data/dataset.ts");
const { openNetwork } = await import(R+"core/model/network.ts");
const { train } = await import(R+"core/model/train.ts");
const { evaluate } = await import(R+"core/model/evaluate.ts");
const { builtinSchema, initialWeights } = await import(R+"core/model/builtin.ts");
const { pipelineOf } = await import(R+"coordinator/aggregation/pipeline.ts");
const { aggregate } = await import(R+"coordinator/aggregation/pipeline.ts");
const { labelFlipping } = await import(R+"simulations/attacks/label-flipping.ts");
const { shiftedMean } = await import(R+"simulations/attacks/a-little-is-enough.ts");
const { readIdxDataset } = await import(R+"core/data/idx.ts");
const { clientIdOf } = await import(R+"core/ids.ts");
const [seedText="0", attack="SignFlipping", roundsText="20"] = process.argv.slice(2);
const seed=Number(seedText), T=Number(roundsText);
const mnist = await openMnist();
const labels = mnist.train.labels.values, images=mnist.train.images.values;
const shares = dirichlet(labels,{numClients:10,alpha:0.5,minimum:32}, seededRandom(sha256Bytes(`partition ${seed}`)));
const names=[...Array(7).keys()].map(i=>`client-${i+1}`).concat([1,2,3].map(i=>`attacker-${i}`));
console.log(shares.map((s:any)=>s.length).join(" "));
const data = shares.map((s:any,c:number)=>{ const im=new Uint8Array(s.length*784), la=new Uint8Array(s.length); s.forEach((e:number,i:number)=>{im.set(images.subarray(e*784,e*784+784),i*784); la[i]=labels[e];}); const d=byteDataset(im,la,[28,28]); return c>=7&&attack==="LabelFlipping"?labelFlipping({numClasses:10}).decorate(d,undefined):d;});
const test = await readIdxDataset(mnist.test.images, mnist.test.labels);
const model={builtin:"mlp",inputs:784,hidden:64,classes:10} as const;
const net = await openNetwork(model, undefined);
const local={steps:20,batchSize:32,learningRate:0.05,momentum:0.9};
const order=names.map((_,i)=>i).sort((a,b)=>clientIdOf(names[a]!)<clientIdOf(names[b]!)?-1:1);
for (const [label, pre, rule] of [["FedAvg",[],"FedAvg"],["MultiKrum",[],"MultiKrum"],["NNM+TrimmedMean",["NNM"],"TrimmedMean"],["TrimmedMean",[],"TrimmedMean"]] as any) {
  let w = initialWeights(model, seed);
  const accs=[]; const t0=Date.now();
  for (let r=1;r<=T;r++){
    const deltas:Float32Array[]=[];
    for (let c=0;c<10;c++){ net.setWeights(w); await train(net,data[c],{local,batchSeed:sha256Bytes(`${seed} ${label==="x"} ${r} ${c}`),signal:new AbortController().signal}); const lw=net.weights(); deltas.push(lw.map((v:number,i:number)=>v-w[i]!)); }
    if (attack==="SignFlipping") for (let c=7;c<10;c++) deltas[c]=deltas[c]!.map(v=>-4*v);
    if (attack==="ALittleIsEnough"){ const s=shiftedMean(deltas.slice(7),1.5); for(let c=7;c<10;c++) deltas[c]=s; }
    const rows = order.map(i=>({read:async(start:number,into:Float32Array)=>{into.set(deltas[i]!.subarray(start,start+into.length));}}));
    const agg = await aggregate({pipeline:pipelineOf({preAggregators:pre.map((name:string)=>({name})),rule:{name:rule},numByzantine:3,weights:"uniform",maxExamples:1e5,maxNorm:1e6}),rows,numCoordinates:w.length,weights:new Float64Array(10).fill(1),distancePath:"exact"});
    w = w.map((v:number,i:number)=>v+agg.values[i]!);
    if (r%5===0||r===T){ net.setWeights(w); accs.push(evaluate(net,test).accuracy.toFixed(3)); }
  }
  console.log(seed,attack,label,accs.join(" "),((Date.now()-t0)/1000).toFixed(1)+"s");
}
process.exit(0);
