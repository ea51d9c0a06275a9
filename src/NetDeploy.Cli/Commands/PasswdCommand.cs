using System.CommandLine;
using System.Text;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy passwd</c>: a password in, its hash for a profile out.</summary>
internal static class PasswdCommand
{
    public static Command Create()
    {
        var command = new Command("passwd", "Read a password (a line of standard input, or typed twice) and print its hash for passwordHash.");
        command.SetAction(_ =>
        {
            var password = Console.IsInputRedirected ? Console.In.ReadLine() ?? "" : Typed("Password: ");
            if (password.Length == 0)
            {
                throw new UserFault("An empty password locks nothing.", "Leave the password out of the profile to lock the account.");
            }

            if (!Console.IsInputRedirected && Typed("Again: ") != password)
            {
                throw new UserFault("The two passwords differ.", "Run the command again.");
            }

            Console.Out.WriteLine(PasswordHash.Create(password));
            return Invocation.Done;
        });
        return command;
    }

    private static string Typed(string prompt)
    {
        Console.Error.Write(prompt);
        var text = new StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return text.ToString();
    }
}
