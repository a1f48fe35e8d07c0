using KmsOperator.Commands;

return await CommandLine.RunAsync(args, Environment.GetEnvironmentVariable, Console.Out, Console.Error, Console.In, Path.GetFileName(Environment.GetCommandLineArgs()[0]));
