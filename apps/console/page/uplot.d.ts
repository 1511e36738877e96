// uPlot's small build, which the server serves as a module beside these files.
export { default } from 'uplot';
