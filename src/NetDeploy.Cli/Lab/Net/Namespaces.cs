using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>A network namespace belongs to a thread: what is opened there stays there.</summary>
internal static partial class Namespaces
{
    private const int CloneNewNet = 0x40000000;

    /// <summary>Runs <paramref name="action"/> on a thread of its own inside the namespace; the thread ends with it, so that no other work sees the namespace.</summary>
    public static void RunInside(string handle, Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle file = File.OpenHandle(handle);
                if (SetNamespace(file, CloneNewNet) != 0)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError(), $"setns {handle}");
                }

                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = "namespace" };
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>The index of an interface of the calling thread's namespace.</summary>
    public static int InterfaceIndex(string name)
    {
        var index = NameToIndex(name);
        return index != 0 ? (int)index : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"no interface {name}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle handle, int type);

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint NameToIndex(string name);
}
