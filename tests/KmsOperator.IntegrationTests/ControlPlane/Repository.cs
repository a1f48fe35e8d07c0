namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>The working tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The directory of <c>Operator.sln</c>.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Operator.sln")))
                return directory.FullName;
        }
        throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside the repository.");
    }
}
