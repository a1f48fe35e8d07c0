using System.CommandLine;
using KmsOperator;

var root = new RootCommand("Makes and keeps the AWS KMS keys that ServiceKey and KeyReplica resources describe.")
{
    RunCommand.Create(Environment.GetEnvironmentVariable),
    RenderCommand.Create(),
};

var result = root.Parse(args);
if (result.Errors.Count > 0)
{
    foreach (var error in result.Errors)
    {
        Console.Error.WriteLine(error.Message);
    }

    return ExitCodes.Usage;
}

return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(35) });
