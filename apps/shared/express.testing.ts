// Express for what lives outside this folder (the naive baseline of the load test), which has no packages of its own.
export { default as express, type Request, type Response } from 'express';
