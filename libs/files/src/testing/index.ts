export { describeFileSystem, type FileSystemFixture } from "./file-system-contract.ts";
